/** What is read of vitest's JSON report. */
export type Report = Readonly<{
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: readonly Readonly<{
    name: string
    status: string
    assertionResults: readonly Readonly<{ status: string }>[]
  }>[]
}>

export type Summary = Readonly<{ line: string; ok: boolean; notes: readonly string[] }>

/**
 * `tests: N passed, N failed, N skipped`. A check that failed, a file that could not be loaded, and a runner that
 * failed for what is in no test each count as one failed test: a line that says 0 failed means that all is well.
 */
export function summarise(
  report: Report | undefined,
  {
    failedChecks,
    runnerExitCode,
    skipsFail,
  }: { failedChecks: number; runnerExitCode: number; skipsFail: boolean },
): Summary {
  const broken = (report?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  const counted = (report?.numFailedTests ?? 1) + broken.length + failedChecks
  const failed = counted === 0 && runnerExitCode !== 0 ? 1 : counted
  const isSkipFailure = skipsFail && skipped > 0
  return {
    line: `tests: ${report?.numPassedTests ?? 0} passed, ${failed} failed, ${skipped} skipped`,
    ok: failed === 0 && !isSkipFailure,
    notes: [
      ...(report === undefined ? ['the test runner left no report'] : []),
      ...broken.map((file) => `${file.name} could not be run`),
      ...(isSkipFailure ? [`as root under CI nothing may be skipped; ${skipped} tests were`] : []),
    ],
  }
}
