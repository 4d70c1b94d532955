import { type RetryPolicy, retry } from '@axoneme/backoff'
import { K8sApiError } from '@axoneme/k8s-client'
import { describeError, isRetryable } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'

/** What a step waits for, in words for people; looked at when somebody asks. */
type Detail = string | (() => string)

type StepStatus = Readonly<{
  name: string
  state: 'running' | 'failing' | 'done'
  /** How often it was tried; a step that is done is never run again. */
  attempts: number
  detail: string
  /** Of a step that is done; so far, of one that is not. */
  durationMs: number
}>

/**
 * The start, step by step: what readiness and `axo status` tell. Each step is repeated with a backoff of its own until
 * it succeeds, and what it gave is kept, whatever becomes of the others.
 */
export type Progress = {
  /**
   * Runs a step. It is repeated while its failure may pass: where a retry helps, and whatever the apiserver refuses,
   * since a role or a resource that is missing can still come. Any other failure ends the start.
   */
  step<T>(name: string, run: () => Promise<T>): Promise<T>
  /** Why a step that runs is not done yet. */
  detail(name: string, text: Detail): void
  markReady(): void
  /** The step that is waited on, one that fails before others, and why. */
  health(): { ready: boolean; step: string; detail: string }
  /** In the order in which they began. */
  steps(): readonly StepStatus[]
}

type Step = {
  detail: Detail
  attempts: number
  failure: string
  startedMs: number
  endedMs: number | undefined
}

export type ProgressOptions = Readonly<{
  retry: RetryPolicy
  log: Logger
  signal: AbortSignal
  observe?: (event: { step: string; outcome: 'success' | 'fail'; durationMs: number }) => void
  random?: () => number
}>

export function createProgress(options: ProgressOptions): Progress {
  const { retry: policy, log, signal, observe, random = Math.random } = options
  const steps = new Map<string, Step>()
  let ready = false
  return {
    async step(name, run) {
      const step: Step = {
        detail: '',
        attempts: 0,
        failure: '',
        startedMs: performance.now(),
        endedMs: undefined,
      }
      steps.set(name, step)
      const attempt = async () => {
        step.attempts++
        const startedMs = performance.now()
        try {
          const result = await run()
          observe?.({ step: name, outcome: 'success', durationMs: performance.now() - startedMs })
          return result
        } catch (error) {
          if (!signal.aborted)
            observe?.({ step: name, outcome: 'fail', durationMs: performance.now() - startedMs })
          throw error
        }
      }
      const result = await retry(attempt, {
        ...policy,
        random,
        signal,
        shouldRetry: mayPass,
        onRetry(error) {
          step.failure = describeError(error)
          log.warn('step failed, retrying', { step: name, attempts: step.attempts, error: step.failure })
        },
      })
      step.endedMs = performance.now()
      const durationMs = Math.round(step.endedMs - step.startedMs)
      log.info('step done', { step: name, durationMs, attempts: step.attempts })
      return result
    },
    detail(name, text) {
      const step = steps.get(name)
      if (step?.endedMs !== undefined || step === undefined) return
      step.detail = text
      step.failure = ''
    },
    markReady: () => {
      ready = true
    },
    health() {
      const open = [...steps].filter(([, { endedMs }]) => endedMs === undefined)
      const [name, step] = open.find(([, { failure }]) => failure !== '') ?? open[0] ?? []
      if (name === undefined || step === undefined) {
        return { ready, step: ready ? '' : 'starting', detail: '' }
      }
      return { ready, step: name, detail: textOf(step) }
    },
    steps: () => Array.from(steps, ([name, step]) => statusOf(name, step)),
  }
}

function textOf({ failure, detail, endedMs }: Step): string {
  if (endedMs !== undefined) return ''
  if (failure !== '') return failure
  return typeof detail === 'function' ? detail() : detail
}

function statusOf(name: string, step: Step): StepStatus {
  const { attempts, failure, startedMs, endedMs } = step
  const state = endedMs !== undefined ? 'done' : failure !== '' ? 'failing' : 'running'
  const durationMs = Math.round((endedMs ?? performance.now()) - startedMs)
  return { name, state, attempts, detail: textOf(step), durationMs }
}

function mayPass(error: unknown): boolean {
  return isRetryable(error) || error instanceof K8sApiError
}
