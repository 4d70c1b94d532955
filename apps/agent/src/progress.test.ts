import { K8sApiError } from '@axoneme/k8s-client'
import { CodedError } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { describe, expect, it } from 'vitest'
import { createProgress, type ProgressOptions } from './progress.ts'

const log = createLogger({ sink: () => {}, level: 'error' })
const away = new CodedError('AWAY', 'reach etcd', { retryable: true })

function progressOf(changes: Partial<ProgressOptions> = {}) {
  const signal = AbortSignal.timeout(20_000)
  return createProgress({ retry: { minMs: 1, maxMs: 4, jitter: 'decorrelated' }, log, signal, ...changes })
}

describe('steps', () => {
  it('are repeated until they succeed, and keep what they gave, whatever becomes of others', async () => {
    const progress = progressOf()
    const calls = { first: 0, second: 0 }
    const gate = Promise.withResolvers<void>()
    const first = progress.step('first', async () => ++calls.first)
    const second = progress.step('second', async () => {
      calls.second++
      if (calls.second < 20) throw away
      await gate.promise
      return 'there'
    })
    await expect.poll(() => calls.second).toBe(20)
    expect(progress.health()).toEqual({ ready: false, step: 'second', detail: 'reach etcd' })
    expect(progress.steps()).toMatchObject([
      { name: 'first', state: 'done', attempts: 1 },
      { name: 'second', state: 'failing', attempts: 20, detail: 'reach etcd' },
    ])
    gate.resolve()
    expect(await Promise.all([first, second])).toEqual([1, 'there'])
    expect(calls).toEqual({ first: 1, second: 20 })
    progress.markReady()
    expect(progress.health()).toEqual({ ready: true, step: '', detail: '' })
  })

  it.each([
    { what: 'an apiserver that is away', error: new K8sApiError('x', { status: 0, reason: 'NetworkError' }) },
    { what: 'a role that is missing', error: new K8sApiError('x', { status: 403, reason: 'Forbidden' }) },
    { what: 'too many requests', error: new K8sApiError('x', { status: 429, reason: 'TooManyRequests' }) },
    {
      what: 'a resource that nobody registered',
      error: new K8sApiError('x', { status: 404, reason: 'NotFound' }),
    },
    { what: 'a store that is away', error: away },
  ])('outlast $what', async ({ error }) => {
    let calls = 0
    const result = progressOf().step('step', async () => {
      if (++calls < 3) throw error
      return calls
    })
    expect(await result).toBe(3)
  })

  it('end the start where no retry helps', async () => {
    const wrong = new CodedError('OPTIONS', 'use these options')
    await expect(progressOf().step('step', () => Promise.reject(wrong))).rejects.toBe(wrong)
  })

  it('end with the process, also between two attempts', async () => {
    const stop = new AbortController()
    const progress = progressOf({ retry: { minMs: 60_000, maxMs: 60_000 }, signal: stop.signal })
    const step = progress.step('step', () => Promise.reject(away))
    await expect.poll(() => progress.steps()[0]?.state).toBe('failing')
    stop.abort(new Error('stopped'))
    await expect(step).rejects.toThrow('stopped')
  })
})

it('names what a step waits for, as it is when somebody asks; a failure comes first', async () => {
  const events: string[] = []
  const progress = progressOf({ observe: ({ step, outcome }) => events.push(`${step} ${outcome}`) })
  expect(progress.health()).toEqual({ ready: false, step: 'starting', detail: '' })
  const node = Promise.withResolvers<void>()
  const store = new AbortController()
  const both = [
    progress.step('node', () => node.promise),
    progress.step('kvstore', async () => {
      if (!store.signal.aborted) throw away
    }),
  ]
  let missing = 'its address'
  progress.detail('node', () => missing)
  missing = 'its pod CIDR'
  progress.detail('nobody', 'nothing')
  expect(progress.steps()[0]).toMatchObject({ name: 'node', state: 'running', detail: 'its pod CIDR' })
  await expect.poll(() => progress.health()).toMatchObject({ step: 'kvstore', detail: 'reach etcd' })
  store.abort()
  await both[1]
  expect(progress.health()).toEqual({ ready: false, step: 'node', detail: 'its pod CIDR' })
  node.resolve()
  await both[0]
  expect(events).toContain('kvstore fail')
  expect(events.slice(-2)).toEqual(['kvstore success', 'node success'])
})
