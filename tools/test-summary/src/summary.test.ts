import { expect, it } from 'vitest'
import { type Report, summarise, type TestRun } from './summary.ts'

const report = (changes: Partial<Report> = {}): Report => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...changes,
})
const broken = { name: 'a.test.ts', status: 'failed', assertionResults: [] }
const all = { failedChecks: 0, skipsFail: false }
const run = (given: Report | undefined, exitCode = 0): TestRun => ({
  path: 'report.json',
  report: given,
  exitCode,
})

it.each([
  { name: 'all well', runs: [run(report())], how: all, line: '3 passed, 0 failed, 0 skipped', ok: true },
  {
    name: 'a failure',
    runs: [run(report({ numFailedTests: 1 }), 1)],
    how: all,
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'a broken file',
    runs: [run(report({ testResults: [broken] }), 1)],
    how: all,
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'a failed check',
    runs: [run(report())],
    how: { ...all, failedChecks: 2 },
    line: '3 passed, 2 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'a runner that fails',
    runs: [run(report(), 1)],
    how: all,
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
  { name: 'no report', runs: [run(undefined)], how: all, line: '0 passed, 1 failed, 0 skipped', ok: false },
  {
    name: 'skips',
    runs: [run(report({ numPendingTests: 1, numTodoTests: 1 }))],
    how: all,
    line: '3 passed, 0 failed, 2 skipped',
    ok: true,
  },
  {
    name: 'skips where nothing may be skipped',
    runs: [run(report({ numPendingTests: 1 }))],
    how: { ...all, skipsFail: true },
    line: '3 passed, 0 failed, 1 skipped',
    ok: false,
  },
  {
    name: 'two runs',
    runs: [run(report()), run(report({ numPassedTests: 2 }))],
    how: all,
    line: '5 passed, 0 failed, 0 skipped',
    ok: true,
  },
  {
    name: 'two runs of which the second fails',
    runs: [run(report()), run(report({ numPassedTests: 2, numFailedTests: 1 }), 1)],
    how: all,
    line: '5 passed, 1 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'two runs of which the second left no report',
    runs: [run(report()), run(undefined, 1)],
    how: all,
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
])('tells of $name', ({ runs, how, line, ok }) => {
  expect(summarise(runs, how)).toMatchObject({ line: `tests: ${line}`, ok })
})

it('says of several runs what each did', () => {
  const runs = [run(report()), { ...run(undefined, 1), path: 'other.json' }]
  expect(summarise(runs, all).notes).toEqual([
    'report.json: 3 passed, 0 failed, 0 skipped',
    'other.json: 0 passed, 1 failed, 0 skipped',
    'the test runner left no report in other.json',
  ])
})

it('names each test that failed, with the beginning of its error', () => {
  const failureMessages = [`\u001b[31mError: no answer\u001b[39m\n${'    at somewhere\n'.repeat(40)}`]
  const assertionResults = [
    { status: 'passed' },
    { status: 'failed', fullName: 'a store answers', failureMessages },
  ]
  const testResults = [{ name: 'a.test.ts', status: 'failed', assertionResults }]
  const [note, ...others] = summarise([run(report({ numFailedTests: 1, testResults }), 1)], all).notes
  expect(others).toEqual([])
  expect(note).toMatch(/^failed: a\.test\.ts > a store answers\n {4}Error: no answer\n/)
  expect(note?.split('\n').length).toBeLessThan(20)
})
