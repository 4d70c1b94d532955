import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@axoneme/kvstore/testing'
import { sleep } from '@axoneme/lifecycle'
import { stringify } from 'yaml'
import { z } from 'zod'

const answerSchema = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('success'), data: z.unknown() }),
  z.looseObject({ status: z.literal('error'), error: z.string() }),
])
const targetsSchema = z.looseObject({
  activeTargets: z.array(
    z.looseObject({
      labels: z.looseObject({ job: z.string() }),
      health: z.string(),
      lastError: z.string(),
    }),
  ),
})
const resultSchema = z.looseObject({
  result: z.array(z.looseObject({ metric: z.record(z.string(), z.string()) })),
})

export type Prometheus = AsyncDisposable &
  Readonly<{
    /** Health by job: `up`, `unknown` before the first scrape, or what is wrong. */
    targets(): Promise<Record<string, string>>
    /** Every name that a series has. */
    metricNames(): Promise<string[]>
    /** How many series a query gives; throws what Prometheus says against it. */
    query(promql: string): Promise<number>
  }>

/** Debian's Prometheus on loopback, which scrapes `targets` (addresses by job) each second; its files are in `directory`. */
export async function startPrometheus(
  directory: string,
  targets: Readonly<Record<string, string>>,
): Promise<Prometheus> {
  const port = await freePort()
  const config = join(directory, 'prometheus.yml')
  const storage = join(directory, 'storage')
  mkdirSync(storage)
  const jobs = Object.entries(targets).map(([job, address]) => ({
    job_name: job,
    static_configs: [{ targets: [address] }],
  }))
  const global = { scrape_interval: '1s', scrape_timeout: '1s' }
  writeFileSync(config, stringify({ global, scrape_configs: jobs }))
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${storage}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { env: { PATH: process.env.PATH }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  }
  try {
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`prometheus ended: ${said}`)
      await sleep(50)
    }
  } catch (error) {
    await stop()
    throw error
  }
  const ask = async (path: string) => {
    const answer = answerSchema.parse(await (await fetch(`${url}/api/v1/${path}`)).json())
    if (answer.status === 'error') throw new Error(`${path}: ${answer.error}`)
    return answer.data
  }
  return {
    async targets() {
      const { activeTargets } = targetsSchema.parse(await ask('targets'))
      return Object.fromEntries(
        activeTargets.map(({ labels, health, lastError }) => [labels.job, lastError || health]),
      )
    },
    metricNames: async () => z.array(z.string()).parse(await ask('label/__name__/values')),
    query: async (promql) =>
      resultSchema.parse(await ask(`query?${new URLSearchParams({ query: promql })}`)).result.length,
    [Symbol.asyncDispose]: stop,
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok
  } catch {
    // Does not listen yet.
    return false
  }
}
