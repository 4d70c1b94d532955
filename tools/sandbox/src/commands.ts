import { fileURLToPath } from 'node:url'
import { entryPoint } from '@axoneme/bundle'
import { fabric, type Instance, type Node } from './instance.ts'
import { markerVariable } from './processes.ts'
import type { SandboxOptions } from './state-file.ts'
import type { ChildSpec } from './supervisor.ts'

const repository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const etcdEndpoint = `http://${fabric.gateway}:${fabric.etcdPort}`

const clusterName = 'default'
const sandboxPodCidr = '10.244.0.0/16'
export const cniExecutable = repository('apps/cni/dist/axoneme-cni')

/** The environment of everything that belongs to the instance: little, and the mark by which `down` finds it. */
export function childEnvironment(instance: Instance): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: instance.stateDir,
    [markerVariable]: instance.name,
  }
}

/** Only the network namespace is changed: `ip netns exec` would also hide the mounts, the instance's bpffs too. */
function inNetns(netns: string, command: readonly string[]): [string, ...string[]] {
  return ['nsenter', `--net=${netns}`, '--', ...command]
}

/** Debian's etcd, one member, reachable from the fabric only. */
export function etcdChild(instance: Instance): ChildSpec {
  const peer = 'http://127.0.0.1:2380'
  return {
    name: 'etcd',
    logFile: `${instance.logDir}/etcd.log`,
    env: childEnvironment(instance),
    command: inNetns(instance.fabricNetns, [
      'etcd',
      ...['--name', 'sandbox', '--data-dir', instance.etcdDir, '--logger', 'zap', '--log-level', 'warn'],
      ...['--listen-client-urls', etcdEndpoint, '--advertise-client-urls', etcdEndpoint],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `sandbox=${peer}`],
    ]),
  }
}

export function operatorChild(
  instance: Instance,
  { podCidr = sandboxPodCidr }: { podCidr?: string } = {},
): ChildSpec {
  return {
    name: 'operator',
    logFile: `${instance.logDir}/operator.log`,
    env: childEnvironment(instance),
    command: inNetns(instance.fabricNetns, [
      ...[process.execPath, entryPoint(repository('apps/operator'))],
      ...['--kubeconfig', instance.fabricKubeconfig, '--kvstore-endpoints', etcdEndpoint],
      ...['--cluster-name', clusterName],
      ...['--cluster-pool-ipv4-cidr', podCidr, '--cluster-pool-ipv4-mask-size', '24'],
      ...['--metrics-address', '127.0.0.1:9963', '--log-format', 'text'],
    ]),
  }
}

export function agentChild(instance: Instance, node: Node, routing: SandboxOptions['routing']): ChildSpec {
  return {
    name: `agent-${node.name}`,
    logFile: node.logFile,
    env: childEnvironment(instance),
    command: inNetns(node.netns, [
      ...[process.execPath, entryPoint(repository('apps/agent'))],
      ...['--node-name', node.name, '--kubeconfig', instance.fabricKubeconfig],
      ...['--kvstore-endpoints', etcdEndpoint, '--cluster-name', clusterName],
      ...['--routing-mode', routing === 'vxlan' ? 'tunnel' : 'native', '--devices', 'eth0'],
      ...['--state-dir', node.stateDir, '--bpf-root', `${instance.bpfRoot}/${node.name}`],
      ...['--template-dir', instance.templateDir],
      ...['--metrics-address', '127.0.0.1:9962', '--log-format', 'text'],
    ]),
  }
}
