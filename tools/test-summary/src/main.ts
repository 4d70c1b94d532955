import { readFileSync } from 'node:fs'
import { type Report, summarise, type TestRun } from './summary.ts'

/**
 * `node main.ts FAILED_CHECKS (REPORT EXIT_CODE)...`: prints the last line of `./dev test` from how many checks beside
 * the tests failed, and for each run of the test runner its JSON report and exit code. Exits with 1 when something
 * failed.
 */
const [failedChecks = '0', ...runArguments] = process.argv.slice(2)

const { line, ok, notes } = summarise(readRuns(runArguments), {
  failedChecks: Number(failedChecks),
  skipsFail: process.env.CI === 'true' && process.getuid?.() === 0,
})
for (const note of notes) process.stderr.write(`${note}\n`)
process.stdout.write(`${line}\n`)
process.exitCode = ok ? 0 : 1

function readRuns([path, exitCode, ...rest]: readonly string[]): TestRun[] {
  if (path === undefined) return []
  return [{ path, report: readReport(path), exitCode: Number(exitCode) }, ...readRuns(rest)]
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    // The runner ended before it could write one; the summary counts that as a failure.
    return undefined
  }
}
