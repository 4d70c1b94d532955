import { CodedError } from '@axoneme/lifecycle'

/** Addresses of every sandbox: each is alone in its fabric, so all use the same ones. */
export const fabric = {
  gateway: '172.31.0.1',
  prefixLength: 24,
  apiServerPort: 6443,
  etcdPort: 2379,
  mtu: 1500,
} as const

const maxNodes = 100

/** What one sandbox owns, all of it found by the instance's name: nothing else may carry these names. */
export type Instance = Readonly<{
  name: string
  /** Mode 0700: state, sockets, kubeconfigs, logs, etcd's data, agents' state, the instance's bpffs. */
  stateDir: string
  stateFile: string
  daemonSocket: string
  /** For kubectl on this machine. */
  kubeconfig: string
  /** For the agents and the operator, who reach the apiserver through the fabric. */
  fabricKubeconfig: string
  bpfRoot: string
  templateDir: string
  logDir: string
  etcdDir: string
  cniConfig: string
  /** Every network namespace of the instance is a file in /run/netns that begins with this. */
  netnsPrefix: string
  fabricNetns: string
}>

export type Node = Readonly<{
  name: string
  address: string
  netns: string
  stateDir: string
  agentSocket: string
  logFile: string
}>

const netnsDir = '/run/netns'

/** The names of a sandbox. Refuses a name that is no DNS label of at most 20 characters. */
export function instanceOf(name: string): Instance {
  if (!/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/.test(name)) {
    throw new CodedError('SANDBOX_NAME', `'${name}' is no name for a sandbox`, {
      hint: 'at most 20 lower-case letters, digits and dashes',
    })
  }
  const stateDir = `/run/axoneme/${name}`
  const netnsPrefix = `axo-${name}-`
  return {
    name,
    stateDir,
    stateFile: `${stateDir}/state.json`,
    daemonSocket: `${stateDir}/daemon.sock`,
    kubeconfig: `${stateDir}/kubeconfig`,
    fabricKubeconfig: `${stateDir}/fabric.kubeconfig`,
    bpfRoot: `${stateDir}/bpf`,
    templateDir: `${stateDir}/templates`,
    logDir: `${stateDir}/log`,
    etcdDir: `${stateDir}/etcd`,
    cniConfig: `${stateDir}/axoneme.conflist`,
    netnsPrefix,
    fabricNetns: `${netnsDir}/${netnsPrefix}fabric`,
  }
}

/** The nodes of an instance: node1 has .11, node2 .12 and so on. */
export function nodesOf(instance: Instance, count: number): readonly Node[] {
  if (!Number.isInteger(count) || count < 1 || count > maxNodes) {
    throw new CodedError('SANDBOX_NODES', `${count} is no number of nodes`, { hint: `1 to ${maxNodes}` })
  }
  return Array.from({ length: count }, (_, i) => {
    const name = `node${i + 1}`
    const stateDir = `${instance.stateDir}/${name}`
    return {
      name,
      address: `172.31.0.${11 + i}`,
      netns: `${netnsDir}/${instance.netnsPrefix}${name}`,
      stateDir,
      agentSocket: `${stateDir}/agent.sock`,
      logFile: `${instance.logDir}/agent-${name}.log`,
    }
  })
}

/** The network namespace of a pod. */
export function podNetns(instance: Instance, podUid: string): string {
  return `${netnsDir}/${instance.netnsPrefix}pod-${podUid}`
}

/**
 * Whether a file of /run/netns belongs to the instance. `a` and `a-b` may both be instances, and `axo-a-b-node1`
 * is the second one's: only the exact forms count.
 */
export function isNetnsOf(instance: Instance, fileName: string): boolean {
  if (!fileName.startsWith(instance.netnsPrefix)) return false
  return /^(fabric|node\d+|pod-[0-9a-fA-F-]{1,64})$/.test(fileName.slice(instance.netnsPrefix.length))
}
