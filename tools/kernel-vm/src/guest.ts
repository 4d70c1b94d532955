import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConsoleTail } from './console.ts'
import { GuestError } from './errors.ts'
import { listenForOutput } from './guest-output.ts'
import { exitCodeFile, type GuestCommand, jobFile, jobScript, upRelease } from './job-script.ts'
import { qemuArguments } from './qemu.ts'
import { startQemu } from './qemu-process.ts'

export type GuestOptions = Readonly<{
  /** The kernel's image. */
  kernel: string
  initramfs: Buffer
  memoryMiB: number
  /** Its name or path. */
  qemu?: string
  command: GuestCommand
  /** The caller's directory; the guest sees it at `guestExchangeDir` and leaves its results there. */
  exchangeDir: string
  bootTimeoutMs: number
  /** From when it is up. */
  runTimeoutMs: number
  /** The guest is up and begins with the command. */
  onUp: (release: string) => void
  /** A line that the command wrote. */
  onOutput: (line: string) => void
  signal: AbortSignal
}>

const shownConsoleLines = 30

/**
 * Boots a machine, runs the command there and returns its exit code. Nothing of the machine is left afterwards, however
 * it ends. Throws GuestError, with the last lines of the console, when it does not come to the end in time or at all;
 * QEMU_MISSING; the signal's reason.
 */
export async function runInGuest(options: GuestOptions): Promise<number> {
  const { exchangeDir, signal, qemu = 'qemu-system-x86_64' } = options
  signal.throwIfAborted()
  await using resources = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), `axo-kernel-vm-${process.pid}-`))
  resources.defer(() => rm(directory, { recursive: true, force: true }))
  const parts = {
    ...options,
    initramfs: join(directory, 'initramfs'),
    outputSocket: join(directory, 'output'),
  }
  await writeFile(parts.initramfs, options.initramfs)
  await writeFile(join(exchangeDir, jobFile), jobScript(options.command))

  const deadline = resources.use(new Deadline())
  deadline.set(options.bootTimeoutMs, 'boot')
  const onLine = (line: string) => {
    const release = upRelease(line)
    if (release === undefined) return options.onOutput(line)
    deadline.set(options.runTimeoutMs, 'run')
    options.onUp(release)
  }
  const output = resources.use(await listenForOutput(parts.outputSocket, onLine))
  const tail = new ConsoleTail({ maxLines: shownConsoleLines })
  const qemuArgs = qemuArguments(parts)
  const machine = resources.use(await startQemu({ qemu, args: qemuArgs }, (text) => tail.write(text)))
  await machine.ended(AbortSignal.any([signal, deadline.signal]))
  signal.throwIfAborted()
  if (deadline.signal.aborted) {
    const { phase, timeoutMs } = deadline
    const what = phase === 'boot' ? 'the guest is not up' : 'what runs in the guest has not ended'
    throw new GuestError(`${what} after ${timeoutMs / 1000} s`, { lastLines: tail.lines() })
  }
  await output.ended()
  return await exitCode(join(exchangeDir, exitCodeFile), { phase: deadline.phase, lastLines: tail.lines() })
}

type Phase = 'boot' | 'run'

/** Aborts its signal when the phase that was set last takes too long. */
class Deadline implements Disposable {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined
  timeoutMs = 0
  phase: Phase = 'boot'

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  set(timeoutMs: number, phase: Phase): void {
    clearTimeout(this.#timer)
    this.timeoutMs = timeoutMs
    this.phase = phase
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

async function exitCode(
  path: string,
  { phase, lastLines }: { phase: Phase; lastLines: readonly string[] },
): Promise<number> {
  const text = existsSync(path) ? (await readFile(path, 'utf8')).trim() : ''
  if (!/^\d{1,3}$/.test(text)) {
    const when = phase === 'boot' ? 'before it was up' : 'before what runs in it ended'
    throw new GuestError(`the guest went off ${when}`, { lastLines })
  }
  return Number(text)
}
