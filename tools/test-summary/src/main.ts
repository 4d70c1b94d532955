import { readFileSync } from 'node:fs'
import { type Report, summarise } from './summary.ts'

/**
 * `node main.ts REPORT FAILED_CHECKS EXIT_CODE`: prints the last line of `./dev test` from the JSON report of the test
 * runner, how many checks beside the tests failed, and the runner's exit code. Exits with 1 when something failed.
 */
const [reportPath = '', failedChecks = '0', runnerExitCode = '0'] = process.argv.slice(2)

const { line, ok, notes } = summarise(readReport(reportPath), {
  failedChecks: Number(failedChecks),
  runnerExitCode: Number(runnerExitCode),
  skipsFail: process.env.CI === 'true' && process.getuid?.() === 0,
})
for (const note of notes) process.stderr.write(`${note}\n`)
process.stdout.write(`${line}\n`)
process.exitCode = ok ? 0 : 1

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    // The runner ended before it could write one; the summary counts that as a failure.
    return undefined
  }
}
