import { at, objectsAt, stringMapAt, stringsAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import { ageColumn, column, joinedOrNone, mapText, nameColumn, selectorText } from './format.ts'
import type { TableColumns } from './types.ts'

export const serviceColumns: TableColumns = [
  nameColumn,
  column('Type', (service) => textAt(service, 'spec', 'type')),
  column('Cluster-IP', (service) => textAt(service, 'spec', 'clusterIP') || '<none>'),
  column('External-IP', externalAddresses),
  column('Port(s)', (service) =>
    joinedOrNone(
      objectsAt(service, 'spec', 'ports').map(({ port, nodePort, protocol }) =>
        nodePort === undefined || nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`,
      ),
    ),
  ),
  ageColumn,
  column('Selector', (service) => mapText(stringMapAt(service, 'spec', 'selector')), { wide: true }),
]

function externalAddresses(service: KubeObject): string {
  const declared = stringsAt(service, 'spec', 'externalIPs')
  switch (textAt(service, 'spec', 'type')) {
    case 'LoadBalancer': {
      const given = objectsAt(service, 'status', 'loadBalancer', 'ingress').map(
        (ingress) => textAt(ingress, 'ip') || textAt(ingress, 'hostname'),
      )
      return joinedOrNone([...given, ...declared], '<pending>')
    }
    case 'ExternalName':
      return textAt(service, 'spec', 'externalName')
    default:
      return joinedOrNone(declared)
  }
}

/** As kubectl cuts long lists: the first few, and how many more. */
function shortened(values: readonly string[], limit = 3): string {
  const rest = values.length - limit
  return rest > 0 ? `${values.slice(0, limit).join(',')} + ${rest} more...` : joinedOrNone(values)
}

export const endpointSliceColumns: TableColumns = [
  nameColumn,
  column('AddressType', (slice) => textAt(slice, 'addressType')),
  column('Ports', (slice) => shortened(objectsAt(slice, 'ports').map(({ port }) => String(port ?? '*')))),
  column('Endpoints', (slice) =>
    shortened(objectsAt(slice, 'endpoints').flatMap((endpoint) => stringsAt(endpoint, 'addresses'))),
  ),
  ageColumn,
]

export const endpointsColumns: TableColumns = [
  nameColumn,
  column('Endpoints', (endpoints) =>
    shortened(
      objectsAt(endpoints, 'subsets').flatMap((subset) =>
        objectsAt(subset, 'addresses').flatMap((address) =>
          objectsAt(subset, 'ports').map(({ port }) => `${textAt(address, 'ip')}:${port}`),
        ),
      ),
    ),
  ),
  ageColumn,
]

export const networkPolicyColumns: TableColumns = [
  nameColumn,
  column('Pod-Selector', (policy) => selectorText(at(policy, 'spec', 'podSelector'))),
  ageColumn,
]

export const ingressColumns: TableColumns = [
  nameColumn,
  column('Class', (ingress) => textAt(ingress, 'spec', 'ingressClassName') || '<none>'),
  column('Hosts', (ingress) =>
    joinedOrNone(
      objectsAt(ingress, 'spec', 'rules').map((rule) => textAt(rule, 'host') || '*'),
      '*',
    ),
  ),
  column('Address', (ingress) =>
    objectsAt(ingress, 'status', 'loadBalancer', 'ingress')
      .map((given) => textAt(given, 'ip') || textAt(given, 'hostname'))
      .join(','),
  ),
  column('Ports', (ingress) => (objectsAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
  ageColumn,
]
