import { parseArgs } from 'node:util'
import { CodedError, describeError } from '@axoneme/lifecycle'

export type TestArguments = Readonly<{
  /** The series of the kernel, `6.1`. */
  kernel: string
  /** Where the test runner's JSON report goes. */
  report: string
  /** Which tests, as vitest takes them; the kernel's suites when there are none. */
  patterns: readonly string[]
}>

export const usage = `usage: node main.ts --kernel SERIES --report FILE [PATTERN...]

Boots the newest Debian kernel of SERIES (6.1) under software emulation and runs the kernel tests there, or those whose
path matches. Writes the test runner's JSON report to FILE; exits with the runner's exit code.
`

/** Throws USAGE. */
export function parseArguments(argv: readonly string[]): TestArguments {
  const { kernel, report, patterns } = parsed(argv)
  if (kernel === undefined || !/^\d+\.\d+$/.test(kernel)) {
    throw new CodedError('USAGE', `--kernel is ${kernel ?? 'missing'}`, { hint: 'a series such as 6.1' })
  }
  if (report === undefined) throw new CodedError('USAGE', '--report is missing')
  // What vitest would take for an option of its own is none that was thought of here.
  const option = patterns.find((pattern) => pattern.startsWith('-'))
  if (option !== undefined) throw new CodedError('USAGE', `${option} is no pattern`)
  return { kernel, report, patterns }
}

function parsed(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { kernel: { type: 'string' }, report: { type: 'string' } },
      allowPositionals: true,
    })
    return { ...values, patterns: positionals }
  } catch (error) {
    throw new CodedError('USAGE', describeError(error))
  }
}
