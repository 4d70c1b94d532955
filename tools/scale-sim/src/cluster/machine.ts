import { writeFileSync } from 'node:fs'
import { Scope } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import {
  agentChild,
  agentReady,
  childEnvironment,
  createDirectories,
  createTopology,
  etcdChild,
  etcdReady,
  fabric,
  type Instance,
  instanceOf,
  kubeconfigText,
  mountBpffs,
  type Node,
  nodesOf,
  operatorChild,
  removeEverything,
  type SupervisedChild,
  superviseChild,
} from '@axoneme/sandbox'
import { z } from 'zod'
import { type FaultSettings, type ServeSettings, servedSchema } from '../apiserver/settings.ts'
import { type Traffic, trafficSchema } from '../apiserver/traffic.ts'
import { ScaleSimError } from '../errors.ts'
import { startWorker, type WorkerProcess } from '../ipc/worker-process.ts'
import { podRange } from '../model/index.ts'

export type MachineOptions = Readonly<{
  shape: ServeSettings['shape']
  heartbeats: ServeSettings['heartbeats']
  realAgents: number
  agentsHaveRun: boolean
  bookmarkIntervalMs: number
  signal: AbortSignal
  progress(text: string): void
}>

/** A cluster on this machine: apiserver, etcd, operator, real agents, and the processes that are all others. */
export type Machine = AsyncDisposable &
  Readonly<{
    apiserver: WorkerProcess
    hollow: WorkerProcess
    kvstore: WorkerProcess
    instance: Instance
    nodes: readonly Node[]
    etcdEndpoint: string
    /** For the hollow agents, who speak HTTP/2. */
    hollowKubeconfig: string
    /** Process numbers by name: what is measured. */
    processes(): Readonly<Record<string, number>>
    /** How often an agent or the operator ended by itself. */
    unexpectedEnds(): number
    startOperator(): void
    startAgents(): void
    /** Waits until the API of each real agent says that it is ready. Gives the seconds that each took. */
    agentsReady(): Promise<number[]>
    setFaults(faults: FaultSettings): Promise<void>
    traffic(): Promise<Traffic>
  }>

/** Brings up everything but operator, agents and hollow agents. All of it goes with the machine. */
export async function startMachine({
  shape,
  heartbeats,
  realAgents,
  agentsHaveRun,
  bookmarkIntervalMs,
  signal,
  progress,
}: MachineOptions): Promise<Machine> {
  const instance = instanceOf(`scale-${process.pid}`)
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => removeEverything(instance))
  const scope = cleanup.use(new Scope('machine', { signal }))
  const nodes = nodesOf(instance, Math.max(1, realAgents)).slice(0, realAgents)
  createDirectories(instance, { nodes: Math.max(1, realAgents), routing: 'vxlan', podless: true })
  createTopology(instance, nodes)
  mountBpffs(instance.bpfRoot)

  const log = createLogger({ sink: () => {}, level: 'error' })
  const supervise = (spec: Parameters<typeof superviseChild>[0]) =>
    scope.use(superviseChild(spec, { log, stopGraceMs: 0 }))
  const env = childEnvironment(instance)
  const worker = (name: string, options: { maxHeapMb: number; netns?: string }) =>
    scope.use(
      startWorker({
        ...{ name, env, logFile: `${instance.logDir}/${name}.log`, ...options },
        module: new URL(`../${name}/main.ts`, import.meta.url),
      }),
    )
  const etcd = supervise(etcdChild(instance))
  const apiserver = worker('apiserver', { maxHeapMb: 6_000 })
  const hollow = worker('hollow', { maxHeapMb: 8_000 })
  const kvstore = worker('kvstore', { maxHeapMb: 2_000, netns: instance.fabricNetns })
  progress(`the apiserver takes ${shape.pods} pods, ${shape.nodes} nodes and ${shape.services} services`)
  const inFabric = { netns: instance.fabricNetns, address: fabric.gateway, port: fabric.apiServerPort }
  const served = await apiserver.call('serve', {
    argument: {
      ...{ shape, heartbeats, bookmarkIntervalMs, agentsHaveRun },
      realNodes: nodes.map(({ name, address }) => ({ name, address })),
      fabric: inFabric,
    } satisfies ServeSettings,
    answer: servedSchema,
    signal,
  })
  const hollowKubeconfig = writeKubeconfig(`${instance.stateDir}/hollow.kubeconfig`, served.url)
  writeKubeconfig(instance.fabricKubeconfig, `http://${fabric.gateway}:${fabric.apiServerPort}`)
  await etcdReady(instance, { signal })

  const children = new Map<string, SupervisedChild>()
  let agentsStartedMs = 0
  const owned = cleanup.move()
  return {
    ...{ apiserver, hollow, kvstore, instance, nodes, hollowKubeconfig },
    etcdEndpoint: `http://${fabric.gateway}:${fabric.etcdPort}`,
    processes() {
      const own = {
        apiserver: apiserver.pid,
        hollow: hollow.pid,
        kvstore: kvstore.pid,
        simulation: process.pid,
      }
      const supervised = [...children, ['etcd', etcd] as const].flatMap(([name, child]) => {
        const pid = child.status().process?.pid
        return pid === undefined ? [] : [[name, pid] as const]
      })
      return { ...own, ...Object.fromEntries(supervised) }
    },
    unexpectedEnds: () => [...children.values()].reduce((sum, child) => sum + child.status().restarts, 0),
    startOperator() {
      children.set('operator', supervise(operatorChild(instance, { podCidr: podRange })))
    },
    startAgents() {
      // The model's nodes have no addresses on a link here, which routes would need.
      agentsStartedMs = performance.now()
      for (const node of nodes)
        children.set(`agent-${node.name}`, supervise(agentChild(instance, node, 'vxlan')))
    },
    agentsReady: () =>
      Promise.all(
        nodes.map(async (node) => {
          await agentReady(node, {
            signal: scope.signal,
            onWait: (step) => progress(`${node.name} waits for ${step}`),
          })
          return (performance.now() - agentsStartedMs) / 1000
        }),
      ),
    async setFaults(faults) {
      await apiserver.call('faults', { argument: faults, answer: z.unknown(), signal })
    },
    traffic: () => apiserver.call('traffic', { answer: trafficSchema, signal }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function writeKubeconfig(path: string, url: string): string {
  if (!URL.canParse(url)) throw new ScaleSimError(`${url} is no address of an apiserver`)
  writeFileSync(path, kubeconfigText({ url }), { mode: 0o600 })
  return path
}
