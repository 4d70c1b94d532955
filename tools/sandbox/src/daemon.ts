import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { K8sClient } from '@axoneme/k8s-client'
import { createLimiter, describeError, Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { openApiserver } from './apiserver-access.ts'
import { agentChild, childEnvironment, cniExecutable, etcdChild, operatorChild } from './commands.ts'
import { type CniAdd, serveDaemonApi } from './daemon-api.ts'
import { type Instance, type Node, nodesOf, podNetns } from './instance.ts'
import { stateOf } from './instance-state.ts'
import { createCniRuntime } from './kubelet/cni.ts'
import { createKubelet, type Kubelet } from './kubelet/kubelet.ts'
import { watchServices } from './kubelet/service-table.ts'
import { mountBpffs } from './mounts.ts'
import { agentReady, etcdReady } from './readiness.ts'
import { type SandboxOptions, writeState } from './state-file.ts'
import { createStatusView } from './status-view.ts'
import { type ChildSpec, type SupervisedChild, superviseChild } from './supervisor.ts'
import { removeEverything } from './teardown.ts'
import { createTopology } from './topology.ts'

/**
 * Pods whose network is made at the same time, over all nodes. A real kubelet has no bound; here all nodes share one
 * machine's few cores, and more at a time would only make every pod wait for all others.
 */
const concurrentSetUps = 16

/**
 * Runs a sandbox until the signal aborts, then takes everything away that carries its name, whatever went wrong.
 * The instance's directories exist; nothing else does.
 */
export async function runDaemon(
  instance: Instance,
  { options, log, signal }: { options: SandboxOptions; log: Logger; signal: AbortSignal },
): Promise<void> {
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => removeEverything(instance))
  await using scope = new Scope('sandbox', { signal })
  const nodes = nodesOf(instance, options.nodes)
  const view = createStatusView(nodes)
  const children: SupervisedChild[] = []
  const kubelets: Kubelet[] = []

  const saveState = () => writeState(instance.stateFile, stateOf(instance, { options, nodes, children }))
  saveState()
  scope.use(await serveDaemonApi(instance, () => view.status({ children, kubelets })))
  // The cluster ends as a whole and nothing of it is kept: there is nothing to end gently for.
  const supervision = { log: log.child('supervisor'), onChange: saveState, stopGraceMs: 0 }
  const supervise = (spec: ChildSpec) => {
    children.push(scope.use(superviseChild(spec, supervision)))
    saveState()
  }

  try {
    createTopology(instance, nodes)
    mountBpffs(instance.bpfRoot)
    supervise(etcdChild(instance))
    const apiserver = scope.use(await openApiserver(instance, { options, log: log.child('apiserver') }))
    view.apiserver(apiserver.description)
    view.progress(`apiserver: ${apiserver.description}`)

    supervise(operatorChild(instance))
    for (const node of nodes) supervise(agentChild(instance, node, options.routing))
    startKubelets({
      instance,
      nodes,
      client: apiserver.client,
      podless: options.podless === true,
      scope,
      kubelets,
      log: log.child('kubelet'),
      onCniAdd: view.cniAdd,
    })

    await etcdReady(instance, { signal: scope.signal })
    view.progress('etcd: ready')
    await Promise.all(
      nodes.map(async (node, i) => {
        const onWait = (step: string) => {
          view.waiting(node, step)
          kubelets[i]?.setWaitingFor(step)
        }
        await agentReady(node, { signal: scope.signal, onWait })
        onWait('')
        view.progress(`${node.name}: agent ready`)
      }),
    )
    view.ready()
    log.info('ready', { nodes: nodes.length, routing: options.routing })
    if (!scope.signal.aborted) await once(scope.signal, 'abort')
    if (!signal.aborted) throw scope.signal.reason
  } catch (error) {
    if (signal.aborted) return
    // Stays, so that whoever waits for it can ask for the reason; they end it.
    view.failed(describeError(error))
    log.error('sandbox failed', { error })
    if (!signal.aborted) await once(signal, 'abort')
  }
}

function startKubelets({
  instance,
  nodes,
  client,
  podless,
  scope,
  kubelets,
  log,
  onCniAdd,
}: {
  instance: Instance
  nodes: readonly Node[]
  client: K8sClient
  podless: boolean
  scope: Scope
  kubelets: Kubelet[]
  log: Logger
  onCniAdd: (add: CniAdd) => void
}): void {
  writeCniConfig(instance)
  const services = watchServices({ client, log, signal: scope.signal })
  scope.use(services.reflector)
  const inTurn = createLimiter(concurrentSetUps)
  for (const node of nodes) {
    const cni = createCniRuntime({
      conflistPath: instance.cniConfig,
      executableOf: () => cniExecutable,
      env: { ...childEnvironment(instance), AXO_AGENT_SOCKET: node.agentSocket },
    })
    const kubelet = createKubelet({
      ...{ node, client, services: services.table, cni, inTurn, podless },
      log: log.child(node.name),
      podNetns: (uid) => podNetns(instance, uid),
      onCniAdd: (pod, durationMs) =>
        onCniAdd({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, node: node.name, durationMs }),
    })
    kubelets.push(kubelet)
    scope.run((signal) => kubelet.run(signal))
  }
}

/** The network configuration list that a cluster's operator would put into /etc/cni/net.d. */
function writeCniConfig(instance: Instance): void {
  const list = { cniVersion: '1.1.0', name: 'axoneme', plugins: [{ type: 'axoneme-cni' }] }
  writeFileSync(instance.cniConfig, `${JSON.stringify(list, undefined, 2)}\n`)
}
