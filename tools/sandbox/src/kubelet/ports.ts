import type { KubeletPod, KubeletService } from './api-types.ts'

export type ServedPort = Readonly<{ protocol: 'TCP' | 'UDP'; port: number }>

/**
 * The ports on which a pod answers: those that its containers declare and those to which a service would send its
 * traffic. Nothing else can know them: there is no image that runs. SCTP is left out. Sorted, without duplicates.
 */
export function portsToServe(pod: KubeletPod, services: Iterable<KubeletService>): ServedPort[] {
  const declared = pod.spec.containers.flatMap((container) => container.ports ?? [])
  const found = new Map<string, ServedPort>()
  const add = (protocol: string, port: number) => {
    if (protocol === 'TCP' || protocol === 'UDP') found.set(`${protocol}/${port}`, { protocol, port })
  }
  for (const { protocol = 'TCP', containerPort } of declared) add(protocol, containerPort)
  for (const service of services) {
    if (!selects(service, pod)) continue
    for (const { protocol = 'TCP', port, targetPort = port } of service.spec.ports ?? []) {
      const number =
        typeof targetPort === 'number'
          ? targetPort
          : declared.find((at) => at.name === targetPort && (at.protocol ?? 'TCP') === protocol)
              ?.containerPort
      if (number !== undefined) add(protocol, number === 0 ? port : number)
    }
  }
  return [...found.values()].sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol))
}

/** A service without a selector selects nothing. */
function selects(service: KubeletService, pod: KubeletPod): boolean {
  const wanted = Object.entries(service.spec.selector ?? {})
  if (wanted.length === 0 || service.metadata.namespace !== pod.metadata.namespace) return false
  return wanted.every(([key, value]) => pod.metadata.labels?.[key] === value)
}
