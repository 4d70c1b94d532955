import fc from 'fast-check'

// Objects as the API's JSON has them, with fields that are not acted on among those that are.

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const texts = fc.array(text, { maxLength: 3 })
const labels = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  text,
  { maxKeys: 4, noNullPrototype: true },
)
const port = fc.integer({ min: 1, max: 65_535 })
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP')
const portOrName = fc.oneof(
  port,
  text.filter((name) => name !== ''),
)

/** Any subset of the fields. */
function some<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(fields, { requiredKeys: [] })
}

const metadata = some({
  name: text,
  generateName: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: fc.nat(),
  deletionTimestamp: fc.constant('2026-11-22T20:25:42Z'),
  labels,
  annotations: labels,
  finalizers: texts,
})

const containers = fc.array(
  some({
    name: text,
    image: text,
    command: texts,
    restartPolicy: fc.constantFrom('Always', 'Never'),
    ports: fc.array(some({ name: text, hostPort: port, containerPort: port, protocol, hostIP: text }), {
      maxLength: 3,
    }),
  }),
  { maxLength: 3 },
)

const pod = some({
  metadata,
  spec: some({
    containers,
    initContainers: containers,
    nodeName: text,
    serviceAccountName: text,
    serviceAccount: text,
    hostNetwork: fc.boolean(),
    hostPID: fc.boolean(),
    nodeSelector: labels,
    priority: fc.integer(),
  }),
  status: some({
    phase: text,
    hostIP: fc.ipV4(),
    podIP: fc.ipV6(),
    podIPs: fc.array(some({ ip: fc.oneof(fc.ipV4(), fc.ipV6(), text) }), { maxLength: 2 }),
    message: text,
  }),
})

const node = some({
  metadata,
  spec: some({
    podCIDR: text,
    podCIDRs: texts,
    providerID: text,
    unschedulable: fc.boolean(),
    taints: fc.array(some({ key: text, value: text, effect: text }), { maxLength: 3 }),
  }),
  status: some({
    phase: text,
    addresses: fc.array(some({ type: text, address: text }), { maxLength: 3 }),
    conditions: fc.array(
      some({ type: fc.oneof(text, fc.constant('NetworkUnavailable')), status: text, message: text }),
      { maxLength: 2 },
    ),
    volumesInUse: texts,
  }),
})

const service = some({
  metadata,
  spec: some({
    ports: fc.array(
      some({
        name: text,
        protocol,
        appProtocol: text,
        port: port,
        targetPort: portOrName,
        nodePort: port,
      }),
      { maxLength: 3 },
    ),
    selector: labels,
    clusterIP: fc.ipV4(),
    clusterIPs: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 2 }),
    type: text,
    externalIPs: fc.array(fc.ipV4(), { maxLength: 2 }),
    sessionAffinity: fc.constantFrom('None', 'ClientIP'),
    sessionAffinityConfig: some({ clientIP: some({ timeoutSeconds: fc.nat(86_400) }) }),
    internalTrafficPolicy: text,
    externalTrafficPolicy: text,
    healthCheckNodePort: port,
    ipFamilies: texts,
  }),
  status: some({
    loadBalancer: some({
      ingress: fc.array(some({ ip: fc.ipV4(), hostname: text, ipMode: fc.constantFrom('VIP', 'Proxy') }), {
        maxLength: 3,
      }),
    }),
  }),
})

const endpointSlice = some({
  metadata: some({ name: text, labels: fc.constant({ 'kubernetes.io/service-name': 'web' }) }),
  addressType: text,
  endpoints: fc.array(
    some({
      addresses: fc.array(fc.ipV6(), { maxLength: 2 }),
      conditions: some({ ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() }),
      hostname: text,
      nodeName: text,
      zone: text,
      hints: some({ forZones: fc.array(some({ name: text }), { maxLength: 2 }) }),
    }),
    { maxLength: 3 },
  ),
  ports: fc.array(some({ name: text, protocol, port, appProtocol: text }), { maxLength: 3 }),
})

const selector = some({
  matchLabels: labels,
  matchExpressions: fc.array(
    fc.record({
      key: text,
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: texts,
    }),
    { maxLength: 2 },
  ),
})
const peers = fc.array(
  some({
    podSelector: selector,
    namespaceSelector: selector,
    ipBlock: some({ cidr: text, except: texts }),
  }),
  { maxLength: 2 },
)
const policyPorts = fc.array(some({ protocol, port: portOrName, endPort: port }), { maxLength: 2 })
const networkPolicy = some({
  metadata,
  spec: some({
    podSelector: selector,
    ingress: fc.array(some({ ports: policyPorts, from: peers }), { maxLength: 2 }),
    egress: fc.array(some({ ports: policyPorts, to: peers }), { maxLength: 2 }),
    policyTypes: fc.array(fc.constantFrom('Ingress', 'Egress'), { maxLength: 2 }),
  }),
})

/** By the name that the captures give to a kind. */
export const arbitraryObjects: Readonly<Record<string, fc.Arbitrary<object>>> = {
  pods: pod,
  nodes: node,
  services: service,
  endpointslices: endpointSlice,
  networkpolicies: networkPolicy,
  namespaces: some({ metadata }),
}
