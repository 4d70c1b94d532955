import { cniExecutable } from '@axoneme/sandbox'
import { z } from 'zod'
import { type CPeer, startCPeer } from '../c-peer.ts'
import { BenchError } from '../errors.ts'
import type { BenchPod } from './pods.ts'

/** How one run of the CNI executable went, times on CLOCK_MONOTONIC as `performance` has it. */
export type CniRun = Readonly<{ startedMs: number; endedMs: number; durationMs: number; output: string }>

/** Calls the CNI executable as a container runtime does, through `c/exec-loop.c`. */
export type CniCaller = AsyncDisposable & {
  /** All at once, in the order of `pods`. Throws BenchError with the plugin's words when one fails. */
  call(command: 'ADD' | 'DEL', pods: readonly BenchPod[]): Promise<CniRun[]>
}

type Where = Readonly<{ agentSocket: string; workDir: string; signal: AbortSignal }>

export async function startCniCaller(where: Where): Promise<CniCaller> {
  const peer = await startExecLoop(cniExecutable, where)
  return {
    async call(command, pods) {
      const runs = await run(
        peer,
        pods.map((pod) => callLine(command, pod)),
      )
      for (const { status, output } of runs) {
        if (status !== 0) throw new BenchError(`CNI ${command} ended with ${status}: ${output.trim()}`)
      }
      return runs
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  }
}

/** What it costs to run a process that does nothing, in ms: part of every CNI call. */
export async function measureSpawn(where: Where, count: number): Promise<number[]> {
  await using peer = await startExecLoop('/bin/true', where)
  const durations: number[] = []
  for (let i = 0; i < count; i++) {
    for (const { durationMs } of await run(peer, ['ADD id /netns eth0 none {}'])) durations.push(durationMs)
  }
  return durations
}

const resultSchema = z.looseObject({ ips: z.tuple([z.looseObject({ address: z.string() })]) })

/** The pod's address in the result of an ADD. */
export function addressOf({ output }: CniRun): string {
  const { ips } = resultSchema.parse(JSON.parse(output))
  return ips[0].address.replace(/\/\d+$/, '')
}

function startExecLoop(executable: string, { agentSocket, workDir, signal }: Where): Promise<CPeer> {
  return startCPeer('exec-loop', { args: [executable, agentSocket], workDir, signal })
}

function callLine(command: string, { name, namespace, uid, containerId, netns }: BenchPod): string {
  const args = [
    'IgnoreUnknown=1',
    `K8S_POD_NAMESPACE=${namespace}`,
    `K8S_POD_NAME=${name}`,
    `K8S_POD_INFRA_CONTAINER_ID=${containerId}`,
    `K8S_POD_UID=${uid}`,
  ]
  const config = { cniVersion: '1.1.0', name: 'axoneme', type: 'axoneme-cni' }
  return [command, containerId, netns, 'eth0', args.join(';'), JSON.stringify(config)].join(' ')
}

async function run(peer: CPeer, lines: readonly string[]): Promise<(CniRun & { status: number })[]> {
  const answer = await peer.ask([lines.length, ...lines].join('\n'))
  return answer.split(' ').map((text) => {
    const [started = 0, ended = 0, status = -1, output = ''] = text.split(',')
    const [startedMs, endedMs] = [Number(started) / 1e6, Number(ended) / 1e6]
    return {
      ...{ startedMs, endedMs, durationMs: endedMs - startedMs, status: Number(status) },
      output: Buffer.from(output, 'hex').toString(),
    }
  })
}
