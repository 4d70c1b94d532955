import { expect, it } from 'vitest'
import { type Report, summarise } from './summary.ts'

const report = (changes: Partial<Report> = {}): Report => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...changes,
})
const broken = { name: 'a.test.ts', status: 'failed', assertionResults: [] }
const all = { failedChecks: 0, runnerExitCode: 0, skipsFail: false }

it.each([
  { name: 'all well', given: report(), how: all, line: '3 passed, 0 failed, 0 skipped', ok: true },
  {
    name: 'a failure',
    given: report({ numFailedTests: 1 }),
    how: all,
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'a broken file',
    given: report({ testResults: [broken] }),
    how: all,
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'a failed check',
    given: report(),
    how: { ...all, failedChecks: 2 },
    line: '3 passed, 2 failed, 0 skipped',
    ok: false,
  },
  {
    name: 'a runner that fails',
    given: report(),
    how: { ...all, runnerExitCode: 1 },
    line: '3 passed, 1 failed, 0 skipped',
    ok: false,
  },
  { name: 'no report', given: undefined, how: all, line: '0 passed, 1 failed, 0 skipped', ok: false },
  {
    name: 'skips',
    given: report({ numPendingTests: 1, numTodoTests: 1 }),
    how: all,
    line: '3 passed, 0 failed, 2 skipped',
    ok: true,
  },
  {
    name: 'skips where nothing may be skipped',
    given: report({ numPendingTests: 1 }),
    how: { ...all, skipsFail: true },
    line: '3 passed, 0 failed, 1 skipped',
    ok: false,
  },
])('tells of $name', ({ given, how, line, ok }) => {
  expect(summarise(given, how)).toMatchObject({ line: `tests: ${line}`, ok })
})
