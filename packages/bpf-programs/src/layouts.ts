import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BtfError, parseBtf } from '@axoneme/bpf'
import { parseElf } from '@axoneme/bpf-templater'
import { clangArguments, compileFile } from './clang.ts'
import { renderLayouts } from './render-layouts.ts'
import { defaultSourceDir } from './sources.ts'

/** What user space reads and writes; c/layouts.c brings it into one object. */
const structs = [
  'ct4_key',
  'ct_entry',
  'endpoint_key',
  'endpoint',
  'frag4_key',
  'frag4_ports',
  'ipcache_key',
  'ipcache_value',
  'lb4_service_key',
  'lb4_service',
  'lb4_backend_key',
  'lb4_backend',
  'lb4_rev_nat_key',
  'lb4_rev_nat',
  'metrics_key',
  'metrics_value',
  'packet_event',
  'policy_key',
  'policy_value',
] as const

const enums = [
  'address_family',
  'ct_direction',
  'ct_flags',
  'ct_state',
  'event_type',
  'lb_backend_state',
  'packet_reason',
  'policy_flags',
  'traffic_direction',
] as const

export const layoutsPath = join(import.meta.dirname, '..', 'generated', 'layouts.ts')

/** The text of generated/layouts.ts as the C files of this package have it now. Throws CompileError. */
export async function generateLayouts({
  clang = 'clang',
  signal,
}: {
  clang?: string
  signal: AbortSignal
}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'axo-layouts-'))
  try {
    const output = join(directory, 'layouts.o')
    const args = clangArguments({ defines: [] })
    await compileFile({ clang, args, sourceDir: defaultSourceDir, file: 'layouts.c', output, signal })
    const section = parseElf(await readFile(output)).sections.find(({ name }) => name === '.BTF')
    if (section === undefined) throw new BtfError('layouts.o has no BTF')
    return renderLayouts(parseBtf(section.bytes), { structs, enums })
  } finally {
    await rm(directory, { recursive: true })
  }
}
