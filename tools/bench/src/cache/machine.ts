import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type AgentClient, createAgentClient } from '@axoneme/agent-api'
import { entryPoint } from '@axoneme/bundle'
import {
  agentChild,
  type ChildSpec,
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
  removeEverything,
  unmountBelow,
} from '@axoneme/sandbox'
import type { ClusterShape } from '@axoneme/scale-sim/model'
import { BenchError } from '../errors.ts'

/** Of the node that the agent runs on: none of the model's. */
const ownPodCidr = '10.200.0.0/24'
export const ownRouterIp = '10.200.0.1'

/** A node's network namespace joined to that of etcd and the apiserver, which are processes of their own. */
export type Machine = AsyncDisposable &
  Readonly<{
    instance: Instance
    node: Node
    /** Starts the agent with no state at all, but compiled templates if an earlier one left some. */
    startAgent(): RunningAgent
    forgetTemplates(): void
  }>

export type RunningAgent = AsyncDisposable & Readonly<{ pid: number; client: AgentClient; log(): string }>

export async function startMachine({
  shape,
  progress,
  signal,
}: {
  shape: ClusterShape
  progress: (text: string) => void
  signal: AbortSignal
}): Promise<Machine> {
  const instance = instanceOf(`bench-${process.pid}`)
  await using cleanup = new AsyncDisposableStack()
  await removeEverything(instance)
  cleanup.defer(() => removeEverything(instance))
  const [node] = nodesOf(instance, 1)
  if (node === undefined) throw new TypeError('one node was asked for')
  const { stateDir, logDir, etcdDir, templateDir, fabricKubeconfig } = instance
  for (const path of [stateDir, logDir, etcdDir, templateDir])
    mkdirSync(path, { recursive: true, mode: 0o700 })
  createTopology(instance, [node])
  const listen = { host: fabric.gateway, port: fabric.apiServerPort }
  writeFileSync(fabricKubeconfig, kubeconfigText({ url: `http://${listen.host}:${listen.port}` }), {
    mode: 0o600,
  })

  cleanup.use(startChild(etcdChild(instance)))
  await etcdReady(instance, { signal })
  progress('the apiserver and etcd take their objects')
  const settings = JSON.stringify({
    ...{ shape, listen, own: { name: node.name, address: node.address, podCidr: ownPodCidr } },
    etcd: `http://${fabric.gateway}:${fabric.etcdPort}`,
  })
  const cluster = cleanup.use(
    startChild({
      ...etcdChild(instance),
      name: 'cluster',
      logFile: `${logDir}/cluster.log`,
      command: [
        ...(['nsenter', `--net=${instance.fabricNetns}`, '--', process.execPath] as const),
        fileURLToPath(new URL('cluster-main.ts', import.meta.url)),
        settings,
      ],
    }),
  )
  await cluster.firstLine(signal)

  const owned = cleanup.move()
  return {
    instance,
    node,
    startAgent: () => startAgent(instance, node),
    forgetTemplates() {
      rmSync(templateDir, { recursive: true, force: true })
      mkdirSync(templateDir, { mode: 0o700 })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const agentDir = fileURLToPath(new URL('../../../../apps/agent', import.meta.url))

/** Environment variable: Node's options and the main.js of another bundle, to compare with. */
const otherAgent = 'AXO_BENCH_AGENT'

function agentCommand(instance: Instance, node: Node): string[] {
  const entry = entryPoint(agentDir)
  const other = process.env[otherAgent]?.split(' ') ?? [entry]
  const command = agentChild(instance, node, 'vxlan').command.flatMap((part) =>
    part === entry ? other : part,
  )
  return [...command, '--ipam-mode', 'kubernetes']
}

function startAgent(instance: Instance, node: Node): RunningAgent {
  mkdirSync(node.stateDir, { recursive: true, mode: 0o700 })
  mountBpffs(instance.bpfRoot)
  const child = startChild({ ...agentChild(instance, node, 'vxlan'), command: agentCommand(instance, node) })
  return {
    pid: child.pid,
    client: createAgentClient({ socketPath: node.agentSocket }),
    log: () => readFileSync(node.logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]()
      // Maps, programs and links go with their pins.
      unmountBelow(instance.bpfRoot)
      for (const path of [node.stateDir, node.logFile]) rmSync(path, { recursive: true, force: true })
    },
  }
}

type Child = AsyncDisposable & Readonly<{ pid: number; firstLine(signal: AbortSignal): Promise<void> }>

/** The process ends with this one, whatever happens to it. */
function startChild({
  name,
  command,
  env,
  logFile,
}: Omit<ChildSpec, 'command'> & { command: readonly string[] }): Child {
  const log = openSync(logFile, 'a', 0o600)
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
    env,
    stdio: ['pipe', 'pipe', log],
  })
  const exited = once(child, 'exit').then(([code, signal]) => {
    throw new BenchError(
      `${name} ended with ${signal ?? code}: ${readFileSync(logFile, 'utf8').slice(-2000)}`,
    )
  })
  exited.catch(() => {})
  const { pid, stdout } = child
  if (pid === undefined || stdout === null)
    throw new BenchError(`start ${name}`, { hint: 'is setpriv there?' })
  return {
    pid,
    async firstLine(signal) {
      await Promise.race([once(stdout, 'data', { signal }), exited])
      stdout.resume()
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
