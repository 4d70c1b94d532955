import { K8sApiError } from '@axoneme/k8s-client'
import { createLogger } from '@axoneme/log'
import { expect, it } from 'vitest'
import { FailureRecovery } from './failure-recovery.ts'
import { WatchSilentError } from './recovery.ts'
import { newStatus } from './status.ts'

const { signal } = new AbortController()

function started() {
  const mirror = {
    resourceVersion: '7' as string | undefined,
    doubt: () => {
      mirror.resourceVersion = undefined
    },
  }
  const recovery = new FailureRecovery({
    ...{ resource: 'pods', mirror, status: newStatus('pods'), bookmarks: { areAbsent: false } },
    ...{ retry: { minMs: 0, maxMs: 0 }, watchList: true, log: createLogger({ sink: () => {} }) },
    ...{ observe: undefined, onCut: () => {}, clock: { now: () => 0 }, random: () => 0 },
  })
  const fail = async (...errors: readonly Error[]) => {
    for (const error of errors) await recovery.recover(error, { watchStartedMs: 0, signal })
    return mirror.resourceVersion
  }
  return { recovery, fail }
}

const refusal = new K8sApiError('too many requests', { status: 429, reason: 'TooManyRequests' })
const cut = new K8sApiError('cut', { status: 0, reason: 'NetworkError' })
const silence = new WatchSilentError('pods', 1)

it('does not read all again because a server that refuses and cuts was silent once', async () => {
  const { fail } = started()
  expect(await fail(refusal, cut, refusal, refusal, silence, refusal, silence)).toBe('7')
})

it('reads all again when three failures in a row may come from the version', async () => {
  const { fail } = started()
  expect(await fail(silence, refusal, silence, refusal)).toBe('7')
  expect(await fail(silence)).toBeUndefined()
})

it('begins to count again once something came', async () => {
  const { recovery, fail } = started()
  await fail(silence, silence)
  recovery.heard()
  expect(await fail(silence)).toBe('7')
})
