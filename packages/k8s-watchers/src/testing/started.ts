import { openK8sClient } from '@axoneme/k8s-client'
import { writeKubeconfig } from '@axoneme/k8s-client/testing'
import { createLogger } from '@axoneme/log'
import { createInterner, podDecoder } from '@axoneme/slim-types'
import { expect } from 'vitest'
import { createPodTable, type ReflectorEvent, type ReflectorOptions, startReflector } from '../index.ts'
import type { PodServer } from './pod-server.ts'

export const retry = { minMs: 1, maxMs: 5 }

/** A reflector of the server's pods whose table is whole; by default it reads them in pages. */
export async function start(
  server: PodServer,
  options: Partial<Omit<ReflectorOptions<never>, 'client' | 'decoder' | 'table'>> = {},
) {
  await using stack = new AsyncDisposableStack()
  const config = stack.use(await writeKubeconfig(server.url))
  const client = stack.use(await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' }))
  const table = createPodTable()
  const events: ReflectorEvent[] = []
  const reflector = stack.use(
    startReflector({
      client,
      decoder: podDecoder(createInterner()),
      table,
      log: createLogger({ sink: () => {} }),
      signal: AbortSignal.timeout(20_000),
      retry,
      watchList: false,
      observe: (event) => events.push(event),
      ...options,
    }),
  )
  await table.whenInitialized(AbortSignal.timeout(10_000))
  const owned = stack.move()
  return { table, reflector, events, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export async function until(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(10_000)
  while (!condition()) {
    deadline.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export type Started = Awaited<ReturnType<typeof start>>

let sentinels = 0

/** Everything that happened before is in the table once a pod that is made now is. */
export async function settle(server: PodServer, { table }: Started): Promise<void> {
  const name = `sentinel-${sentinels++}`
  server.upsert(name)
  await until(() => table.has(`ns/${name}`))
}

export function expectEqual(server: PodServer, { table }: Started): void {
  const wanted = [...server.pods.values()].map(({ name, labels, nodeName }) => ({ name, labels, nodeName }))
  const have = [...table.rows()].map(({ name, labels, nodeName }) => ({ name, labels, nodeName }))
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  expect(have.sort(byName)).toEqual(wanted.sort(byName))
}
