import { networkPolicyStrategy } from '../strategies/network-policy.ts'
import { endpointSliceStrategy } from '../strategies/plain.ts'
import * as networkTables from '../tables/network.ts'
import { clusterScoped, type Row, reconciled } from './rows.ts'

export const networkingRows: Row[] = [
  {
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    hasGeneration: true,
    columns: networkTables.networkPolicyColumns,
    strategy: networkPolicyStrategy,
  },
  {
    ...reconciled,
    kind: 'Ingress',
    plural: 'ingresses',
    shortNames: ['ing'],
    columns: networkTables.ingressColumns,
  },
  { ...clusterScoped, kind: 'IngressClass', plural: 'ingressclasses', hasGeneration: true },
]

export const discoveryRows: Row[] = [
  {
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    hasGeneration: true,
    columns: networkTables.endpointSliceColumns,
    strategy: endpointSliceStrategy,
  },
]
