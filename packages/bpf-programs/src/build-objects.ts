/** Compiles every object in every routing mode into dist, so that an error in the C fails the build. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { clangArguments, compileFile } from './clang.ts'
import { compileTimeDefines, datapathPrograms } from './config.ts'
import { defaultSourceDir } from './sources.ts'

const outputDir = join(import.meta.dirname, '..', 'dist', 'objects')

for (const routingMode of ['native', 'tunnel'] as const) {
  const directory = join(outputDir, routingMode)
  await mkdir(directory, { recursive: true })
  for (const program of datapathPrograms) {
    await compileFile({
      clang: process.env.CLANG ?? 'clang',
      args: clangArguments({ defines: compileTimeDefines({ routingMode }) }),
      sourceDir: defaultSourceDir,
      file: `${program}.c`,
      output: join(directory, `${program}.o`),
      signal: AbortSignal.timeout(120_000),
    })
  }
}
