import { readFileSync } from 'node:fs'

/**
 * `node test-summary.ts REPORT FAILED_CHECKS EXIT_CODE`: prints the last line of `./dev test` from vitest's JSON
 * report. Checks beside the tests that failed, and test files that could not even be loaded, count as failed tests.
 * Exits with 1 when something failed, or when as root under CI something was skipped.
 */
const [reportPath = '', failedChecks = '0', runnerExit = '0'] = process.argv.slice(2)

type Report = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

const report = readReport(reportPath)
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length
const passed = report.numPassedTests
const skipped = report.numPendingTests + report.numTodoTests
const known = report.numFailedTests + brokenFiles + Number(failedChecks)
// The runner may fail for what is in no test, an unhandled error say.
const failed = known === 0 && runnerExit !== '0' ? 1 : known
const skipIsFailure = process.env.CI === 'true' && process.getuid?.() === 0 && skipped > 0
if (skipIsFailure) process.stderr.write(`as root under CI nothing may be skipped; ${skipped} tests were\n`)

process.stdout.write(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exitCode = failed > 0 || skipIsFailure ? 1 : 0

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    process.stderr.write(`the test runner left no report at ${path}\n`)
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] }
  }
}
