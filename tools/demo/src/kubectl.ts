import { spawn } from 'node:child_process'
import { CodedError } from '@axoneme/lifecycle'
import type { Instance } from '@axoneme/sandbox'

export type Kubectl = (args: readonly string[], options?: { stdin?: string }) => Promise<string>

/** Runs the machine's own kubectl against the sandbox and gives what it printed. */
export function createKubectl(instance: Instance, { signal }: { signal: AbortSignal }): Kubectl {
  return (args, { stdin = '' } = {}) =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, KUBECONFIG: instance.kubeconfig }
      const child = spawn('kubectl', args, { env, signal, stdio: ['pipe', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (chunk) => {
        stdout += String(chunk)
      })
      child.stderr.on('data', (chunk) => {
        stderr += String(chunk)
      })
      // kubectl may end without reading what it was given; its exit code tells.
      child.stdin.on('error', () => {})
      child.stdin.end(stdin)
      const fail = (cause: unknown) => {
        if (signal.aborted) reject(signal.reason)
        else reject(new CodedError('KUBECTL', `kubectl ${args.join(' ')}`, { cause }))
      }
      child.once('error', fail)
      child.once('close', (code) => {
        if (code === 0) resolve(stdout)
        else fail(new Error(stderr.trim() === '' ? `exit code ${code}` : stderr.trim()))
      })
    })
}
