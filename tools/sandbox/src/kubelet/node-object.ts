import { arch, cpus, release, totalmem } from 'node:os'

const maxPods = 110

export type NodeFacts = Readonly<{ name: string; address: string }>

/** The Node object that a kubelet registers. */
export function nodeObject({ name }: NodeFacts): Record<string, unknown> {
  const architecture = arch() === 'x64' ? 'amd64' : arch()
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': architecture,
      },
    },
    spec: {},
  }
}

/** The status that a kubelet reports for its node. `waitingFor` empty: ready for pods. */
export function nodeStatus(
  { name, address }: NodeFacts,
  { waitingFor, now, transitionTime }: { waitingFor: string; now: string; transitionTime: string },
): Record<string, unknown> {
  const resources = {
    cpu: String(cpus().length),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: String(maxPods),
    'ephemeral-storage': '100Gi',
  }
  const ready = waitingFor === ''
  const condition = (type: string, status: boolean, reason: string, message: string) => ({
    type,
    status: status ? 'True' : 'False',
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: transitionTime,
  })
  return {
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    capacity: resources,
    allocatable: resources,
    conditions: [
      condition(
        'MemoryPressure',
        false,
        'KubeletHasSufficientMemory',
        'kubelet has sufficient memory available',
      ),
      condition('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      ready
        ? condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
        : condition('Ready', false, 'KubeletNotReady', `container runtime network not ready: ${waitingFor}`),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: name,
      systemUUID: name,
      bootID: name,
      kernelVersion: release(),
      osImage: 'sandbox',
      containerRuntimeVersion: 'sandbox://1',
      kubeletVersion: 'v1.36.0-sandbox',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: arch() === 'x64' ? 'amd64' : arch(),
    },
  }
}

/** RFC 3339 with microseconds, as the API's MicroTime wants it. */
export function microTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replace('Z', '000Z')
}
