import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { CodedError } from '@axoneme/lifecycle'

/** QEMU as it runs. Disposing kills it, and waits until it is gone. */
export type QemuProcess = AsyncDisposable &
  Readonly<{
    /** Resolves when it has ended, or `signal` aborts. */
    ended(signal: AbortSignal): Promise<void>
  }>

/**
 * Starts QEMU, which dies with this process however that ends. `onConsole` gets what the guest's kernel and QEMU itself
 * say. Throws QEMU_MISSING.
 */
export async function startQemu(
  { qemu, args }: { qemu: string; args: readonly string[] },
  onConsole: (text: string) => void,
): Promise<QemuProcess> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', qemu, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onConsole)
  const closed = once(child, 'close')
  closed.catch(() => {})
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw new CodedError('QEMU_MISSING', 'start qemu-system-x86_64 by setpriv', {
      cause,
      hint: 'Debian packages qemu-system-x86 and util-linux',
    })
  }
  return {
    ended: async (signal) => {
      await Promise.race([closed, aborted(signal)])
    },
    [Symbol.asyncDispose]: async () => {
      kill(child)
      await closed
    },
  }
}

function kill(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort')
}
