import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { clangArguments, compileFile, compileObject, datapathPrograms } from '@axoneme/bpf-programs'
import { minimalObjects } from '../corpus/minimal-objects.ts'
import type { Seed } from '../target.ts'

const run = promisify(execFile)
const sampleDir = join(import.meta.dirname, '../../../../packages/bpf-templater/testdata')

/**
 * Objects written by hand, and compiled ones as they are and without the sections for debuggers: all programs of the
 * datapath in both routing modes, and the templater's sample. Throws CompileError.
 */
export async function elfSeeds({ signal }: { signal: AbortSignal }): Promise<Seed[]> {
  const written = [...minimalObjects()].map(([name, bytes]) => ({ name, bytes }))
  const directory = await mkdtemp(join(tmpdir(), `axo-fuzz-${process.pid}-`))
  try {
    const compiled = await Promise.all([
      ...datapathObjects(directory, signal),
      sampleObject(directory, signal),
    ])
    return [...written, ...compiled.flat()]
  } finally {
    await rm(directory, { recursive: true })
  }
}

function datapathObjects(cacheDir: string, signal: AbortSignal): Promise<Seed[]>[] {
  return datapathPrograms.flatMap((program) =>
    (['native', 'tunnel'] as const).map(async (routingMode) => {
      const { path } = await compileObject({ program, config: { routingMode }, cacheDir, signal })
      return readBoth(path, `${program} ${routingMode}`, signal)
    }),
  )
}

async function sampleObject(directory: string, signal: AbortSignal): Promise<Seed[]> {
  const output = join(directory, 'sample.o')
  const args = [...clangArguments({ defines: [] }), '-Wno-unused-parameter']
  await compileFile({ clang: 'clang', args, sourceDir: sampleDir, file: 'sample.c', output, signal })
  return readBoth(output, 'sample', signal)
}

async function readBoth(path: string, name: string, signal: AbortSignal): Promise<Seed[]> {
  const stripped = `${path}.stripped`
  await run('llvm-objcopy', ['--strip-debug', path, stripped], { signal })
  return [
    { name, bytes: await readFile(path) },
    { name: `${name}, stripped`, bytes: await readFile(stripped) },
  ]
}
