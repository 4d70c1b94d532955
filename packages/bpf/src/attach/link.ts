import { BpfAttr } from '../kernel/attr.ts'
import type { BpfCommands } from '../kernel/command.ts'
import { adoptDescriptor, Descriptor } from '../kernel/descriptor.ts'
import { linkInfo } from '../kernel/object-info.ts'
import { openPinned, pinObject } from '../kernel/pin.ts'

/**
 * An attachment of a program. It ends when the last of its descriptors and pins goes: unpin and close to detach.
 */
export class BpfLink extends Descriptor {
  readonly id: number
  readonly #commands: BpfCommands
  readonly #name: string

  constructor(commands: BpfCommands, { fd, id, name }: { fd: number; id: number; name: string }) {
    super(fd, `link ${name}`)
    this.id = id
    this.#commands = commands
    this.#name = name
  }

  /** Puts another program in place, atomically: each packet sees the old one or the new one. */
  update(program: { fd: number }): void {
    this.#commands.run('link_update', this.#name, new BpfAttr(16).u32(0, this.fd).u32(4, program.fd).bytes)
  }

  /** Makes the attachment survive this process. */
  pin(path: string): void {
    pinObject(this.#commands, this.fd, path)
  }
}

/** The link pinned at the path. Throws SyscallError ENOENT when there is none. */
export function openPinnedLink(commands: BpfCommands, path: string): BpfLink {
  return openLink(commands, { fd: openPinned(commands, path, 'link'), name: path })
}

export function openLink(commands: BpfCommands, { fd, name }: { fd: number; name: string }): BpfLink {
  return adoptDescriptor(fd, () => new BpfLink(commands, { fd, id: linkInfo(commands, fd).id, name }))
}
