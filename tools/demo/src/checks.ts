import type { Printer } from './printer.ts'

/** Counts what was checked; failures are printed where they happen and again at the end. */
export type Checks = {
  /** Gives `ok` back. `what` says what should have been and, when it is not, what was. */
  check(ok: boolean, what: string): boolean
  readonly passed: number
  readonly failures: readonly string[]
}

export function createChecks(printer: Printer): Checks {
  const failures: string[] = []
  let passed = 0
  return {
    check(ok, what) {
      if (ok) passed++
      else {
        failures.push(what)
        if (failures.length <= 20) printer.line(`${printer.bad('FAIL')} ${what}`)
      }
      return ok
    },
    get passed() {
      return passed
    },
    failures,
  }
}

/** The last line of a run. */
export function summary({ passed, failures }: Checks): string {
  return `demo: ${passed} checks passed, ${failures.length} failed`
}
