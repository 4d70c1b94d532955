import type { Logger } from '@axoneme/log'

/** Where the start has got to: what readiness and `axo status` tell. */
export type Progress = {
  /** Runs a step; while it runs the agent waits on it. Steps may run side by side. */
  step<T>(name: string, run: () => Promise<T>): Promise<T>
  /** For people: why the current step is not done yet. */
  detail(name: string, text: string): void
  markReady(): void
  health(): { ready: boolean; step: string; detail: string }
  /** Duration of each finished step. */
  finished(): ReadonlyMap<string, number>
}

export function createProgress(log: Logger): Progress {
  const running = new Map<string, string>()
  const finished = new Map<string, number>()
  let ready = false
  return {
    async step(name, run) {
      const startedMs = performance.now()
      running.set(name, '')
      const result = await run()
      running.delete(name)
      const durationMs = Math.round(performance.now() - startedMs)
      finished.set(name, durationMs)
      log.info('step done', { step: name, durationMs })
      return result
    },
    detail: (name, text) => {
      if (running.has(name)) running.set(name, text)
    },
    markReady: () => {
      ready = true
    },
    health() {
      const [step, detail] = [...running][0] ?? [ready ? '' : 'starting', '']
      return { ready, step, detail }
    },
    finished: () => finished,
  }
}
