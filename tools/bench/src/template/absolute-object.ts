import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clangArguments, compileFile, compileTimeDefines, defaultSourceDir } from '@axoneme/bpf-programs'

export type Compilation = Readonly<{
  /** Below 2^32 each: clang writes no more of an absolute symbol. */
  constants: Readonly<Record<string, number>>
  workDir: string
  signal: AbortSignal
}>

/**
 * The endpoint program compiled for one endpoint: its values are absolute symbols of the source, so the object needs
 * no patches, any loader can load it, and its instructions are those of a patched template. Returns the object's path.
 * Throws CompileError.
 */
export async function compileAbsolute({ constants, workDir, signal }: Compilation): Promise<string> {
  const source = Object.entries(constants)
    .map(([name, value]) => `asm(".globl ${name}\\n.set ${name}, ${value}");\n`)
    .concat(`#include "${join(defaultSourceDir, 'lxc.c')}"\n`)
    .join('')
  await writeFile(join(workDir, 'absolute.c'), source)
  const output = join(workDir, 'absolute.o')
  await compileFile({
    clang: 'clang',
    args: clangArguments({ defines: compileTimeDefines({ routingMode: 'native' }) }),
    sourceDir: workDir,
    file: 'absolute.c',
    output,
    signal,
  })
  return output
}
