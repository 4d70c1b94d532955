import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assemblable, assemblerArguments } from '@axoneme/bpf/testing'
import { clangArguments, compileFile } from './clang.ts'
import { compileTimeDefines, type DatapathConfig } from './config.ts'
import { defaultSourceDir } from './sources.ts'

export type AbsoluteCompilation = Readonly<{
  config: DatapathConfig
  /** A number for each constant's symbol, such as `EP_IPV4.be32`. */
  symbols: Readonly<Record<string, bigint>>
  /** Gets the files. One compilation at a time. */
  workDir: string
  signal: AbortSignal
}>

/** The integrated assembler writes no more of an absolute symbol into an instruction, and says nothing of it. */
const widestInObject = 0xffff_ffffn

/**
 * The endpoint program compiled for one endpoint: its values are absolute symbols of the source, so the object needs
 * no patches, any loader can load it, and its instructions are those of a patched template. Its maps are not pinned.
 * Wide values go by way of an assembly text, which takes longer. Returns the object's path. Throws CompileError.
 */
export async function compileAbsolute({
  config,
  symbols,
  workDir,
  signal,
}: AbsoluteCompilation): Promise<string> {
  await writeFile(join(workDir, 'absolute.c'), sourceWith(symbols))
  const output = join(workDir, 'absolute.o')
  const compile = (args: readonly string[], names: { file: string; output: string }) =>
    compileFile({ clang: 'clang', args, sourceDir: workDir, signal, ...names })
  const args = clangArguments({ defines: compileTimeDefines(config) })
  if (Object.values(symbols).every((value) => value <= widestInObject)) {
    await compile(args, { file: 'absolute.c', output })
    return output
  }
  const text = join(workDir, 'absolute.s')
  await compile([...args, '-S'], { file: 'absolute.c', output: text })
  await writeFile(text, assemblable(await readFile(text, 'utf8')))
  await compile(assemblerArguments, { file: text, output })
  return output
}

function sourceWith(symbols: AbsoluteCompilation['symbols']): string {
  const values = Object.entries(symbols).map(
    ([symbol, value]) => `asm(".weak ${symbol}\\n.set ${symbol}, ${value}");\n`,
  )
  return `${values.join('')}#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define LIBBPF_PIN_BY_NAME LIBBPF_PIN_NONE
#include "${join(defaultSourceDir, 'lxc.c')}"
`
}
