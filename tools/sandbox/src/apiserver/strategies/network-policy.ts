import { cidrContains, parseCidr } from '@axoneme/net-types'
import type { FieldProblem } from '../errors.ts'
import {
  at,
  ensureObject,
  isObject,
  type JsonObject,
  objectAt,
  objectsAt,
  setDefault,
  stringsAt,
  textAt,
} from '../json.ts'
import type { Strategy } from '../resources/types.ts'
import {
  forbiddenField,
  isPortNumber,
  labelSelectorProblems,
  objectListProblems,
  portOrNameProblems,
  protocolProblems,
  required,
  unsupported,
  wrong,
} from './problems.ts'

const directions = [
  { rules: 'ingress', peers: 'from' },
  { rules: 'egress', peers: 'to' },
] as const

export const networkPolicyStrategy: Strategy = {
  defaults(policy) {
    const spec = ensureObject(policy, 'spec')
    if (!isObject(spec.podSelector)) spec.podSelector = {}
    if (stringsAt(spec, 'policyTypes').length === 0)
      spec.policyTypes = objectsAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
    for (const { rules } of directions)
      for (const rule of objectsAt(spec, rules))
        for (const port of objectsAt(rule, 'ports')) setDefault(port, 'protocol', 'TCP')
  },
  validate(policy) {
    const problems = labelSelectorProblems('spec.podSelector', at(policy, 'spec', 'podSelector'))
    for (const [i, type] of stringsAt(policy, 'spec', 'policyTypes').entries())
      if (type !== 'Ingress' && type !== 'Egress')
        problems.push(unsupported(`spec.policyTypes[${i}]`, type, ['Egress', 'Ingress']))
    for (const { rules, peers } of directions) {
      problems.push(...objectListProblems(`spec.${rules}`, at(policy, 'spec', rules)))
      for (const [i, rule] of objectsAt(policy, 'spec', rules).entries()) {
        const field = `spec.${rules}[${i}]`
        problems.push(...objectListProblems(`${field}.ports`, rule.ports))
        problems.push(...objectListProblems(`${field}.${peers}`, rule[peers]))
        for (const [j, port] of objectsAt(rule, 'ports').entries())
          problems.push(...portProblemsOf(`${field}.ports[${j}]`, port))
        for (const [j, peer] of objectsAt(rule, peers).entries())
          problems.push(...peerProblems(`${field}.${peers}[${j}]`, peer))
      }
    }
    return problems
  },
}

function portProblemsOf(field: string, { port, endPort, protocol }: JsonObject): FieldProblem[] {
  const problems = protocolProblems(`${field}.protocol`, protocol)
  const isPortGiven = port !== undefined && port !== null
  if (isPortGiven) problems.push(...portOrNameProblems(`${field}.port`, port))
  if (endPort === undefined || endPort === null) return problems
  if (!isPortGiven) problems.push(required(`${field}.port`, 'must be specified when `endPort` is set'))
  else if (typeof port !== 'number')
    problems.push(wrong(`${field}.endPort`, endPort, 'may not be specified when `port` is non-numeric'))
  else if (!isPortNumber(endPort) || endPort < port)
    problems.push(wrong(`${field}.endPort`, endPort, 'must be greater than or equal to `port`'))
  return problems
}

function peerProblems(field: string, peer: JsonObject): FieldProblem[] {
  const { podSelector, namespaceSelector, ipBlock } = peer
  const isBlock = ipBlock !== undefined && ipBlock !== null
  const hasSelector = [podSelector, namespaceSelector].some(
    (selector) => selector !== undefined && selector !== null,
  )
  if (!isBlock && !hasSelector) return [required(field, 'must specify a peer')]
  const problems = [
    ...labelSelectorProblems(`${field}.podSelector`, podSelector),
    ...labelSelectorProblems(`${field}.namespaceSelector`, namespaceSelector),
  ]
  if (!isBlock) return problems
  if (hasSelector) problems.push(forbiddenField(field, 'may not specify both ipBlock and another peer'))
  return [...problems, ...ipBlockProblems(`${field}.ipBlock`, objectAt(peer, 'ipBlock'))]
}

function ipBlockProblems(field: string, block: JsonObject): FieldProblem[] {
  const text = textAt(block, 'cidr')
  if (text === '') return [required(`${field}.cidr`)]
  const cidr = text.includes('/') ? parseCidr(text) : undefined
  if (cidr === undefined)
    return [wrong(`${field}.cidr`, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
  return stringsAt(block, 'except').flatMap((except, i) => {
    const inner = except.includes('/') ? parseCidr(except) : undefined
    if (inner === undefined)
      return [
        wrong(
          `${field}.except[${i}]`,
          except,
          'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        ),
      ]
    return cidrContains(cidr, inner) && inner.prefixLength > cidr.prefixLength
      ? []
      : [wrong(`${field}.except[${i}]`, except, 'must be a strict subset of `cidr`')]
  })
}
