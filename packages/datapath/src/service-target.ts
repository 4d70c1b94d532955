import type { BpfMap } from '@axoneme/bpf'
import {
  createLbPlanner,
  type FrontendRow,
  type L4Address,
  type LbOperation,
  type LbPlanner,
} from '@axoneme/loadbalancer'
import type { Target } from '@axoneme/reconciler'
import { applyLbOperation, type LbMaps, readLbMaps } from './lb-maps.ts'

/** [frontends] -> the load balancing maps, in the planner's order of writes. IPv6 frontends are not for these maps. */
export function serviceTarget(
  maps: Readonly<Record<string, BpfMap>>,
): Target<FrontendRow> & Pick<LbPlanner, 'sizes'> {
  const lbMaps = mapsOf(maps)
  const planner = createLbPlanner({ snapshot: readLbMaps(lbMaps) })
  const carryOut = (operations: readonly LbOperation[]) => {
    for (const operation of operations) {
      applyLbOperation(lbMaps, operation)
      planner.applied(operation)
    }
  }
  return {
    update: (row) => {
      if (isIpv4(row)) carryOut(planner.plan(row))
    },
    delete: (_key, row) => {
      if (isIpv4(row)) carryOut(planner.planRemoval(row))
    },
    prune: (rows) => carryOut(planner.planPrune(rows.filter(isIpv4))),
    sizes: () => planner.sizes(),
  }
}

function isIpv4({ address }: L4Address): boolean {
  return !address.includes(':')
}

function mapsOf(maps: Readonly<Record<string, BpfMap>>): LbMaps {
  const { axo_lb4_services: services, axo_lb4_backends: backends, axo_lb4_revnat: reverseNat } = maps
  if (services === undefined || backends === undefined || reverseNat === undefined) {
    throw new TypeError('the templates lack a load balancing map')
  }
  return { services, backends, reverseNat }
}
