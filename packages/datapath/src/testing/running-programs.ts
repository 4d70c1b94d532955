import { readdirSync, readlinkSync } from 'node:fs'
import type { EndpointRow } from '@axoneme/endpoint'
import { SyscallError } from '@axoneme/syscalls'
import { u32 } from '../u32.ts'
import type { TestNode } from './test-node.ts'

const hooks = { from_pod: 'ingress', to_pod: 'egress' } as const

/** Ids of the programs that decide for an endpoint, as the kernel tells them; undefined where there is none. */
export function runningPrograms(node: TestNode, { id, hostIfName }: EndpointRow) {
  const { kernel, paths, maps } = node.objects
  const ifIndex = node.netlink.linkByName(hostIfName)?.ifIndex ?? 0
  const at = (name: keyof typeof hooks): number | undefined => {
    if (readdirSync(paths.endpoint(id)).includes(`link-${name}`)) {
      using link = kernel.openPinnedLink(paths.endpointLink(id, name))
      return kernel.linkInfo(link.fd).programId
    }
    return node.netlink.filters(ifIndex, hooks[name]).find((filter) => filter.name === name)?.programId
  }
  return {
    from_pod: at('from_pod'),
    to_pod: at('to_pod'),
    pod_policy: maps.axo_policy_calls?.lookup(u32(id))?.readUInt32LE(),
  }
}

/** Ids of all programs in the kernel that use the map, whoever holds them. */
export function programsUsing(node: TestNode, mapId: number): number[] {
  const { kernel } = node.objects
  return kernel.programIds().filter((id) => {
    try {
      using program = kernel.openProgram(id)
      return kernel.programInfo(program.fd).mapIds.includes(mapId)
    } catch (error) {
      // Other tests' programs come and go.
      if (error instanceof SyscallError && error.code === 'ENOENT') return false
      throw error
    }
  })
}

/** How many BPF objects of each kind this process holds. */
export function heldBpfObjects(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const fd of readdirSync('/proc/self/fd')) {
    const target = targetOf(fd)
    if (target.includes('bpf')) counts[target] = (counts[target] ?? 0) + 1
  }
  return counts
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return 'closed since it was listed'
  }
}
