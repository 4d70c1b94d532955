import { BpfAttr } from '../kernel/attr.ts'
import type { BpfCommands } from '../kernel/command.ts'
import { adoptDescriptor } from '../kernel/descriptor.ts'
import { programInfo } from '../kernel/object-info.ts'
import { BpfProgram } from './program.ts'

/** A loaded program, held from now on. Its name is the kernel's. Throws SyscallError ENOENT when none has that id. */
export function openProgram(commands: BpfCommands, id: number): BpfProgram {
  const fd = commands.run('prog_get_fd', `program ${id}`, new BpfAttr(12).u32(0, id).bytes)
  return adoptDescriptor(fd, () => {
    const { name, tag } = programInfo(commands, fd)
    return new BpfProgram(commands, { fd, id, name, tag })
  })
}
