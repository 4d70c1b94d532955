import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** A cluster with real agents needs the kernel; under CI it must be there. */
export const canRun = process.getuid?.() === 0 || process.env.CI === 'true'

export type Run = Readonly<{
  code: number
  stdout: string
  stderr: string
  /** What of its namespaces and files is still there. */
  remains: readonly string[]
}>

export async function runScaleSim(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  const remains = ['/run/netns', '/run/axoneme'].flatMap((directory) =>
    existsSync(directory) ? readdirSync(directory).filter((name) => name.includes(`scale-${child.pid}`)) : [],
  )
  return { code, stdout, stderr, remains }
}
