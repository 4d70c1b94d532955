import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Netlink, NetlinkError, openNetlink } from '@axoneme/netlink'
import { createNetns, deleteNetns, EINVAL, ENODEV, ENOENT } from '@axoneme/syscalls'
import { createDeviceLink } from '../attach/tcx-link.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'
import { loadProbeProgram } from './probe-programs.ts'

/** No device has it: the kernel counts up from 1 and stops far below. */
const impossibleIfIndex = 0x7fffffff
/** The first device of every namespace. */
const loopbackIfIndex = 1
const vxlanPort = 8472
const { EOPNOTSUPP } = constants.errno

/**
 * Whether links of the attach type go onto devices. Tries a device that cannot exist: ENODEV from a kernel that would
 * attach, EINVAL from one that does not know the type.
 */
export function probeDeviceAttachType(attachType: number): (commands: BpfCommands) => boolean {
  return (commands) => {
    using program = loadProbeProgram(commands)
    const name = 'axo_probe'
    const result = createDeviceLink(commands, {
      programFd: program.fd,
      ifIndex: impossibleIfIndex,
      attachType,
      name,
    })
    if (result === -ENODEV) return true
    if (result === -EINVAL) return false
    throw bpfFailure('link_create', name, -result)
  }
}

/** Attaches to the loopback device of a namespace of its own. The kernel may load modules for it. */
export function probeClsact(commands: BpfCommands): boolean {
  using program = loadProbeProgram(commands)
  return succeedsInNewNetns((netlink) => {
    netlink.addClsact(loopbackIfIndex)
    const place = { ifIndex: loopbackIfIndex, direction: 'ingress', priority: 1, handle: 1 } as const
    netlink.replaceBpfFilter({ ...place, programFd: program.fd, name: 'axo_probe' })
  })
}

export function probeVeth(): boolean {
  return succeedsInNewNetns((netlink) => void netlink.addVeth({ name: 'axo_probe0', peerName: 'axo_probe1' }))
}

/** A device that takes what it encapsulates by from the packet, not from its own configuration. */
export function probeVxlan(): boolean {
  return succeedsInNewNetns(
    (netlink) => void netlink.addVxlan({ name: 'axo_probe', port: vxlanPort, external: true }),
  )
}

/** False when the kernel does not know the kind of thing that `make` makes. All goes with the namespace. */
function succeedsInNewNetns(make: (netlink: Netlink) => void): boolean {
  const directory = mkdtempSync(join(tmpdir(), `axo-probe-${process.pid}-`))
  const path = join(directory, 'netns')
  try {
    createNetns(path)
    try {
      using netlink = openNetlink({ netns: path })
      make(netlink)
      return true
    } finally {
      deleteNetns(path)
    }
  } catch (error) {
    if (error instanceof NetlinkError && [ENOENT, EOPNOTSUPP, EINVAL].includes(error.errno)) return false
    throw error
  } finally {
    rmSync(directory, { recursive: true })
  }
}
