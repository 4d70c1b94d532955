import { EAGAIN, SyscallError } from '@axoneme/syscalls'
import { BtfError } from '../errors.ts'
import { BpfAttr } from '../kernel/attr.ts'
import type { BpfCommands } from '../kernel/command.ts'
import { Descriptor } from '../kernel/descriptor.ts'

const logBytes = 256 * 1024

/** A BTF object in the kernel. Programs and maps that refer to it keep it alive after it is closed. */
export class BtfHandle extends Descriptor {}

/** Loads BTF. Throws BtfError with the end of the kernel's log when it is refused, SyscallError otherwise. */
export function loadBtf(commands: BpfCommands, bytes: Uint8Array): BtfHandle {
  const btf = Buffer.from(bytes)
  const attr = new BpfAttr(32).pointer(0, btf).u32(16, btf.length)
  const result = commands.try('btf_load', 'btf', attr.bytes)
  if (result >= 0) return new BtfHandle(result, 'btf')
  const log = Buffer.alloc(logBytes)
  const again = commands.try('btf_load', 'btf', attr.pointer(8, log).u32(20, log.length).u32(24, 1).bytes)
  if (again >= 0) return new BtfHandle(again, 'btf')
  const cause = new SyscallError('bpf btf_load', `${btf.length} bytes`, -again)
  const text = log.toString('utf8', 0, log.indexOf(0)).trimEnd()
  if (text === '' || again === -EAGAIN) throw cause
  throw new BtfError(`the kernel refuses the BTF: ${text.split('\n').slice(-3).join('; ')}`, { cause })
}
