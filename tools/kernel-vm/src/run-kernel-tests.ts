import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import type { TestArguments } from './arguments.ts'
import { bootFiles } from './boot-files.ts'
import { runInGuest } from './guest.ts'
import { kernelTests } from './kernel-tests.ts'
import { reportFile, testCommand } from './test-command.ts'

const root = join(import.meta.dirname, '..', '..', '..')
/** Debian's packages, unpacked. */
const packagesDir = join(root, '.dev', 'kernel-vm')
const memoryMiB = 3072
const bootTimeoutMs = 120_000
const runTimeoutMs = 900_000

type Surroundings = Readonly<{
  say: (text: string) => void
  /** A line of the test runner. */
  show: (line: string) => void
  hasColours: boolean
  signal: AbortSignal
}>

/** Runs tests on another kernel and leaves their report where it was asked for. Returns the test runner's exit code. */
export async function runKernelTests(
  { kernel: series, report, patterns }: TestArguments,
  { say, show, hasColours, signal }: Surroundings,
): Promise<number> {
  if (process.arch !== 'x64') {
    throw new CodedError(
      'ARCHITECTURE',
      `boot a kernel for x64 with the files of a machine of ${process.arch}`,
    )
  }
  await rm(report, { force: true })
  const { packageName, kernel, initramfs } = await bootFiles(series, {
    directory: packagesDir,
    onFetch: (name) => say(`fetching ${name}`),
    signal,
  })
  await using resources = new AsyncDisposableStack()
  const exchangeDir = await mkdtemp(join(tmpdir(), `axo-kernel-vm-exchange-${process.pid}-`))
  resources.defer(() => rm(exchangeDir, { recursive: true, force: true }))
  const selected = patterns.length > 0 ? patterns : kernelTests(root)

  say(`booting ${packageName} under software emulation`)
  const elapsed = stopwatch()
  const exitCode = await runInGuest({
    kernel,
    initramfs,
    memoryMiB,
    exchangeDir,
    command: testCommand({ root, patterns: selected, hasColours }),
    bootTimeoutMs,
    runTimeoutMs,
    onUp: (release) => {
      say(`up after ${elapsed()}: Linux ${release}`)
      const what =
        patterns.length > 0 ? `tests of ${patterns.join(' ')}` : `${selected.length} files of kernel tests`
      say(`running ${what}; the first result takes a minute`)
    },
    onOutput: show,
    signal,
  })
  say(`ended after ${elapsed()} with exit code ${exitCode}`)
  await copyReport(join(exchangeDir, reportFile), report)
  return exitCode
}

async function copyReport(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to)
  } catch (cause) {
    throw new CodedError('NO_REPORT', 'copy the report of the tests: the test runner left none', { cause })
  }
}

function stopwatch(): () => string {
  const startedMs = performance.now()
  return () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
}
