import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assemblable, assemblerArguments } from '@axoneme/bpf/testing'
import { parseElf } from '@axoneme/bpf-templater'
import { clangArguments, compileFile } from './clang.ts'
import { compileTimeDefines, type DatapathConfig } from './config.ts'
import { defaultSourceDir } from './sources.ts'

export type AbsoluteCompilation = Readonly<{
  config: DatapathConfig
  /** A number for each constant's symbol, such as `EP_IPV4.be32`. */
  symbols: Readonly<Record<string, bigint>>
  /** Gets the files; for one compilation at a time. */
  workDir: string
  signal: AbortSignal
}>

/** What clang writes of an absolute symbol when it makes an object of C; it says nothing of the rest. */
const widestInObject = 0xffff_ffffn
const opcodeLoadImmediate64 = 0x18

/**
 * The endpoint program compiled for one endpoint: its values are absolute symbols of the source, so the object needs
 * no patches, any loader can load it, and its instructions are those of a patched template. Its maps are not pinned.
 * Returns the object's path. Throws CompileError.
 */
export async function compileAbsolute({
  config,
  symbols,
  workDir,
  signal,
}: AbsoluteCompilation): Promise<string> {
  const path = (extension: string) => join(workDir, `absolute.${extension}`)
  const compile = (args: readonly string[], names: { file: string; output: string }) =>
    compileFile({ clang: 'clang', args, sourceDir: workDir, signal, ...names })
  const args = clangArguments({ defines: compileTimeDefines(config) })
  await writeFile(path('c'), sourceWith(symbols))
  await compile(args, { file: path('c'), output: path('o') })
  if (Object.values(symbols).every((value) => value <= widestInObject)) return path('o')

  await compile([...args, '-S'], { file: path('c'), output: path('s') })
  await writeFile(path('s'), assemblable(await readFile(path('s'), 'utf8')))
  await compile(assemblerArguments, { file: path('s'), output: path('text.o') })
  await writeFile(path('o'), withUpperHalves(await readFile(path('o')), await readFile(path('text.o'))))
  return path('o')
}

/**
 * The object with the upper 32 bits of its 64-bit loads, which clang writes when it assembles the same program's text.
 * That object itself will not do: LLVM 14 prints some moves in their 32-bit form that it encodes in their 64-bit form.
 */
function withUpperHalves(object: Buffer, assembled: Buffer): Buffer {
  const complete = Buffer.from(object)
  const texts = new Map(parseElf(assembled).sections.map(({ name, bytes }) => [name, bytes]))
  // The sections of a parsed file are views of its bytes.
  for (const { name, executable, bytes } of parseElf(complete).sections) {
    const text = texts.get(name)
    if (!executable || text?.length !== bytes.length) continue
    for (let at = 0; at < bytes.length; at += 8) {
      if (bytes[at] !== opcodeLoadImmediate64 || text[at] !== opcodeLoadImmediate64) continue
      at += 8
      text.copy(bytes, at + 4, at + 4, at + 8)
    }
  }
  return complete
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
