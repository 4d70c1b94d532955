import { CodedError, describeError } from '@axoneme/lifecycle'
import { parseArguments, usage } from './arguments.ts'
import { runKernelTests } from './run-kernel-tests.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => stop.abort(new CodedError('INTERRUPTED', `stopped by ${name}`)))
}

try {
  process.exitCode = await runKernelTests(parseArguments(process.argv.slice(2)), {
    say: (text) => void process.stdout.write(`[kernel-vm] ${text}\n`),
    show: (line) => void process.stdout.write(`${line}\n`),
    hasColours: process.stdout.isTTY === true,
    signal: stop.signal,
  })
} catch (error) {
  if (!(error instanceof CodedError)) throw error
  if (error.code === 'USAGE') process.stderr.write(usage)
  process.stderr.write(`[kernel-vm] error: ${describeError(error)}\n`)
  process.exitCode = 1
}
