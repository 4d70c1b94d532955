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

const names: readonly string[] = [...Object.keys(hooks), 'pod_policy']

/** Ids of all programs in the kernel that were loaded for pods of this node, ascending, whoever holds them. */
export function loadedPrograms({ objects }: TestNode): number[] {
  const { kernel } = objects
  const metrics = objects.maps.axo_metrics
  if (metrics === undefined) throw new Error('the node has no map of metrics')
  return kernel.programIds().filter((id) => {
    try {
      using program = kernel.openProgram(id)
      const { name, mapIds } = kernel.programInfo(program.fd)
      return names.includes(name) && mapIds.includes(metrics.id)
    } catch (error) {
      // Other tests' programs come and go.
      if (error instanceof SyscallError && error.code === 'ENOENT') return false
      throw error
    }
  })
}

/** Ids of the programs that decide for these endpoints, ascending. */
export function allRunningPrograms(node: TestNode, endpoints: readonly EndpointRow[]): number[] {
  return endpoints
    .flatMap((endpoint) => Object.values(runningPrograms(node, endpoint)))
    .map((id) => id ?? 0)
    .sort((a, b) => a - b)
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
