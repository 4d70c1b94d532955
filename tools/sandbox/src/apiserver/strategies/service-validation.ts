import { parseCidr, parseIp } from '@axoneme/net-types'
import type { FieldProblem } from '../errors.ts'
import { at, isEqual, numberAt, objectsAt, stringsAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import {
  duplicate,
  labelMapProblems,
  objectListProblems,
  portOrNameProblems,
  portProblems,
  protocolProblems,
  required,
  unsupported,
  wrong,
} from './problems.ts'

const oneOf: readonly { field: string; values: readonly string[] }[] = [
  { field: 'type', values: ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'] },
  { field: 'sessionAffinity', values: ['ClientIP', 'None'] },
  { field: 'internalTrafficPolicy', values: ['Cluster', 'Local'] },
  { field: 'externalTrafficPolicy', values: ['Cluster', 'Local'] },
  { field: 'ipFamilyPolicy', values: ['PreferDualStack', 'RequireDualStack', 'SingleStack'] },
]

export function serviceProblems(service: KubeObject, old: KubeObject | undefined): FieldProblem[] {
  const problems: FieldProblem[] = []
  for (const { field, values } of oneOf) {
    const value = at(service, 'spec', field)
    if (value === undefined || value === null) continue
    if (typeof value !== 'string' || !values.includes(value))
      problems.push(unsupported(`spec.${field}`, value, values))
  }
  problems.push(...labelMapProblems('spec.selector', at(service, 'spec', 'selector')))
  problems.push(...portListProblems(service), ...addressProblems(service))
  if (textAt(service, 'spec', 'type') === 'ExternalName' && textAt(service, 'spec', 'externalName') === '')
    problems.push(required('spec.externalName'))
  const timeout = at(service, 'spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
  if (timeout !== undefined && (typeof timeout !== 'number' || timeout < 1 || timeout > 86_400))
    problems.push(
      wrong('spec.sessionAffinityConfig.clientIP.timeoutSeconds', timeout, 'must be between 0 and 86400'),
    )
  return [...problems, ...immutabilityProblems(service, old)]
}

function portListProblems(service: KubeObject): FieldProblem[] {
  const isPortless =
    textAt(service, 'spec', 'type') === 'ExternalName' || textAt(service, 'spec', 'clusterIP') === 'None'
  const ports = objectsAt(service, 'spec', 'ports')
  const problems = objectListProblems('spec.ports', at(service, 'spec', 'ports'))
  if (ports.length === 0 && !isPortless) problems.push(required('spec.ports'))
  const names = new Set<string>()
  const numbers = new Set<string>()
  for (const [i, port] of ports.entries()) {
    const field = `spec.ports[${i}]`
    const name = textAt(port, 'name')
    if (port.name !== undefined && port.name !== null && typeof port.name !== 'string')
      problems.push(wrong(`${field}.name`, port.name, 'must be a string'))
    if (name === '' && ports.length > 1) problems.push(required(`${field}.name`))
    if (name !== '' && names.has(name)) problems.push(duplicate(`${field}.name`, name))
    names.add(name)
    const pair = `${port.protocol}/${port.port}`
    if (numbers.has(pair)) problems.push(duplicate(field, { port: port.port, protocol: port.protocol }))
    numbers.add(pair)
    problems.push(
      ...portProblems(`${field}.port`, port.port),
      ...protocolProblems(`${field}.protocol`, port.protocol),
      ...(port.port === undefined ? [] : portOrNameProblems(`${field}.targetPort`, port.targetPort)),
    )
    if (numberAt(port, 'nodePort') !== 0 && port.nodePort !== undefined && port.nodePort !== null)
      problems.push(...portProblems(`${field}.nodePort`, port.nodePort))
  }
  return problems
}

function addressProblems(service: KubeObject): FieldProblem[] {
  const problems: FieldProblem[] = []
  const clusterIPs = stringsAt(service, 'spec', 'clusterIPs')
  const clusterIP = textAt(service, 'spec', 'clusterIP')
  if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    problems.push(wrong('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  for (const [i, address] of clusterIPs.entries())
    if (address !== 'None' && parseIp(address) === undefined)
      problems.push(wrong(`spec.clusterIPs[${i}]`, address, 'must be a valid IP address'))
  for (const [i, address] of stringsAt(service, 'spec', 'externalIPs').entries())
    if (parseIp(address) === undefined)
      problems.push(wrong(`spec.externalIPs[${i}]`, address, 'must be a valid IP address'))
  for (const [i, range] of stringsAt(service, 'spec', 'loadBalancerSourceRanges').entries())
    if (!range.includes('/') || parseCidr(range.trim()) === undefined)
      problems.push(wrong(`spec.loadBalancerSourceRanges[${i}]`, range, 'must be a valid CIDR value'))
  const families = stringsAt(service, 'spec', 'ipFamilies')
  for (const [i, family] of families.entries())
    if (family !== 'IPv4' && family !== 'IPv6')
      problems.push(unsupported(`spec.ipFamilies[${i}]`, family, ['IPv4', 'IPv6']))
    else if (families.indexOf(family) !== i) problems.push(duplicate(`spec.ipFamilies[${i}]`, family))
  return problems
}

function immutabilityProblems(service: KubeObject, old: KubeObject | undefined): FieldProblem[] {
  const before = textAt(old, 'spec', 'clusterIP')
  const stays = (object: KubeObject | undefined) => textAt(object, 'spec', 'type') !== 'ExternalName'
  if (old === undefined || before === '' || !stays(old) || !stays(service)) return []
  const after = textAt(service, 'spec', 'clusterIP')
  return isEqual(before, after) ? [] : [wrong('spec.clusterIPs[0]', after, 'may not change once set')]
}
