import type { BpfMap } from '@axoneme/bpf'
import type { EndpointId } from '@axoneme/endpoint'
import { u32 } from './u32.ts'

/**
 * Policy epochs: established connections are checked again when their endpoint's number has changed. Drawn from one
 * counter for the node, which goes on where the map's content ends, so that a reused endpoint id never meets an old
 * number.
 */
export type PolicyEpochs = { bump(id: EndpointId): void }

export function openPolicyEpochs(map: BpfMap): PolicyEpochs {
  let last = 0
  for (const [, value] of map.entries()) last = Math.max(last, value.readUInt32LE())
  return {
    bump(id) {
      last = (last + 1) >>> 0
      map.update(u32(id), u32(last))
    },
  }
}
