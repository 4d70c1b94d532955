import { CodedError, sleep } from '@axoneme/lifecycle'
import { connectInNetns } from '@axoneme/syscalls'
import { z } from 'zod'
import { fabric, type Instance, type Node } from './instance.ts'
import { unixRequest } from './unix-http.ts'

const pollMs = 50

/**
 * Waits until the agent of `node` says that it is ready. `onWait` is told, each time it changes, what the agent is
 * waiting for.
 */
export async function agentReady(
  node: Node,
  { signal, onWait }: { signal: AbortSignal; onWait: (step: string) => void },
): Promise<void> {
  for (let last = ''; ; ) {
    const answer = await unixRequest(node.agentSocket, { path: '/v1/healthz', signal }).catch(
      (error: unknown) => {
        signal.throwIfAborted()
        if (!(error instanceof CodedError)) throw error
        return { status: 0, body: 'its API socket' }
      },
    )
    if (answer.status === 200) return
    const step = describeStep(answer.body)
    if (step !== last) onWait(step)
    last = step
    await sleep(pollMs, { signal })
  }
}

/** The agent's answer is `{ ready, step, detail }`. */
function describeStep(body: string): string {
  const health = healthSchema.safeParse(parseJson(body))
  if (!health.success) return body.trim().slice(0, 300)
  const { step, detail } = health.data
  return detail === '' ? step : `${step}: ${detail}`
}

const healthSchema = z.object({ step: z.string(), detail: z.string() })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Plain text then: it is shown as it is.
    return undefined
  }
}

/** Waits until etcd answers /health over its client port. */
export async function etcdReady(instance: Instance, { signal }: { signal: AbortSignal }): Promise<void> {
  while (!(await etcdHealthy(instance, signal))) await sleep(pollMs, { signal })
}

async function etcdHealthy(instance: Instance, signal: AbortSignal): Promise<boolean> {
  try {
    const socket = await connectInNetns({
      netns: instance.fabricNetns,
      address: fabric.gateway,
      port: fabric.etcdPort,
      timeoutMs: 1_000,
      signal,
    })
    socket.setTimeout(1_000, () => socket.destroy())
    socket.end('GET /health HTTP/1.0\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return text.includes('"health":"true"')
  } catch {
    // Not yet: the next poll asks again, and the caller's signal bounds the wait.
    signal.throwIfAborted()
    return false
  }
}
