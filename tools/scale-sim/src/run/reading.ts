import { type Traffic, trafficBetween } from '../apiserver/traffic.ts'
import type { Machine } from '../cluster/machine.ts'
import { type ProcessUse, readProcessUse } from '../cluster/process-use.ts'
import { type LoopDelay, loopDelaySchema } from '../ipc/commands.ts'
import { type EtcdReading, etcdSchema } from '../kvstore/protocol.ts'

/** Everything that is counted, at one moment. */
export type Reading = Readonly<{
  atMs: number
  traffic: Traffic
  etcd: EtcdReading
  use: Readonly<Record<string, ProcessUse>>
  /** Of the simulation's own processes, since the last reading: what they may have kept waiting themselves. */
  loopDelay: Readonly<Record<string, LoopDelay>>
}>

/** What happened between two readings. */
export type Phase = Readonly<{
  name: string
  seconds: number
  traffic: Traffic
  etcd: Readonly<{ rssMb: number; databaseMb: number; puts: number; deletes: number; ranges: number }>
  processes: Readonly<Record<string, { cpuPercent: number; rssMb: number; peakMb: number }>>
  /** Milliseconds that the event loops of the simulation's own processes stood still. */
  loopDelay: Readonly<Record<string, LoopDelay>>
}>

export async function readMachine(machine: Machine, signal: AbortSignal): Promise<Reading> {
  const delayOf = (name: 'apiserver' | 'hollow' | 'kvstore') =>
    machine[name].call('loopDelay', { answer: loopDelaySchema, signal })
  const [traffic, etcd, apiserver, hollow, kvstore] = await Promise.all([
    machine.traffic(),
    machine.kvstore.call('etcd', { answer: etcdSchema, signal }),
    delayOf('apiserver'),
    delayOf('hollow'),
    delayOf('kvstore'),
  ])
  const loopDelay = { apiserver, hollow, kvstore }
  return { atMs: performance.now(), traffic, etcd, use: readUse(machine), loopDelay }
}

export function phaseBetween(name: string, before: Reading, after: Reading): Phase {
  const seconds = (after.atMs - before.atMs) / 1000
  const processes = Object.entries(after.use).map(([process, { cpuSeconds, rssMb, peakMb }]) => {
    const used = cpuSeconds - (before.use[process]?.cpuSeconds ?? 0)
    return [process, { cpuPercent: round((100 * used) / seconds), rssMb, peakMb }] as const
  })
  const { rssMb, databaseMb } = after.etcd
  const grown = (counter: 'puts' | 'deletes' | 'ranges') => after.etcd[counter] - before.etcd[counter]
  return {
    name,
    seconds: round(seconds),
    traffic: trafficBetween(before.traffic, after.traffic),
    etcd: {
      ...{ rssMb: Math.round(rssMb), databaseMb: Math.round(databaseMb) },
      ...{ puts: grown('puts'), deletes: grown('deletes'), ranges: grown('ranges') },
    },
    processes: Object.fromEntries(processes),
    loopDelay: after.loopDelay,
  }
}

function readUse(machine: Machine): Record<string, ProcessUse> {
  const uses = Object.entries(machine.processes()).flatMap(([name, pid]) => {
    const use = readProcessUse(pid)
    return use === undefined ? [] : [[name, use] as const]
  })
  return Object.fromEntries(uses)
}

export function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
