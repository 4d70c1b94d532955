import { stripVTControlCharacters } from 'node:util'

/** What is read of vitest's JSON report. */
export type Report = Readonly<{
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: readonly Readonly<{
    name: string
    status: string
    assertionResults: readonly TestResult[]
  }>[]
}>

type TestResult = Readonly<{
  status: string
  fullName?: string | undefined
  failureMessages?: readonly string[] | null | undefined
}>

/** One run of the test runner. Without a report it ended before it could write one. */
export type TestRun = Readonly<{ path: string; report: Report | undefined; exitCode: number }>

export type Summary = Readonly<{ line: string; ok: boolean; notes: readonly string[] }>

/** Enough of a failure for the error and where it was met; the whole of it stands in the runner's own output. */
const failureLines = 12

type Counts = Readonly<{ passed: number; failed: number; skipped: number }>

/**
 * `tests: N passed, N failed, N skipped`, over all runs. A check that failed, a file that could not be loaded, and a
 * runner that failed for what is in no test each count as one failed test: a line that says 0 failed means that all is
 * well. The notes name each test that failed and why, for whoever has only the end of a long output.
 */
export function summarise(
  runs: readonly TestRun[],
  { failedChecks, skipsFail }: { failedChecks: number; skipsFail: boolean },
): Summary {
  const counts = runs.map(countRun)
  const total = counts.reduce(add, { passed: 0, failed: failedChecks, skipped: 0 })
  const isSkipFailure = skipsFail && total.skipped > 0
  const parts = runs.length < 2 ? [] : runs.map(({ path }, index) => `${path}: ${inWords(counts[index])}`)
  return {
    line: `tests: ${inWords(total)}`,
    ok: total.failed === 0 && !isSkipFailure,
    notes: [
      ...parts,
      ...runs.flatMap(complaints),
      ...(isSkipFailure ? [`as root under CI nothing may be skipped; ${total.skipped} tests were`] : []),
    ],
  }
}

function countRun({ report, exitCode }: TestRun): Counts {
  const failed = (report?.numFailedTests ?? 1) + brokenFiles(report).length
  return {
    passed: report?.numPassedTests ?? 0,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  }
}

function complaints({ path, report }: TestRun): string[] {
  if (report === undefined) return [`the test runner left no report in ${path}`]
  return [
    ...brokenFiles(report).map(({ name }) => `${name} could not be run`),
    ...report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map((test) => failure(name, test)),
    ),
  ]
}

function failure(file: string, { fullName, failureMessages }: TestResult): string {
  const message = stripVTControlCharacters((failureMessages ?? []).join('\n'))
  const lines = message.split('\n').slice(0, failureLines)
  return [
    `failed: ${file} > ${fullName ?? 'a test without a name'}`,
    ...lines.map((line) => `    ${line}`),
  ].join('\n')
}

function brokenFiles(report: Report | undefined): Report['testResults'] {
  return (report?.testResults ?? []).filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
}

function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

function inWords({ passed, failed, skipped }: Counts = { passed: 0, failed: 0, skipped: 0 }): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}
