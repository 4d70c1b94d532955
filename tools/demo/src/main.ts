import { describeError } from '@axoneme/lifecycle'
import { downSandbox, type Instance, instanceOf, type Remains, remains } from '@axoneme/sandbox'
import { createChecks, summary } from './checks.ts'
import { runDemo } from './demo.ts'
import { type DemoOptions, helpText, parseDemoOptions } from './options.ts'
import { createPrinter } from './printer.ts'

const printer = createPrinter(process.stdout)

async function main(options: DemoOptions): Promise<number> {
  const checks = createChecks(printer)
  const instance = instanceOf(options.keep ? 'sandbox' : `demo-${process.pid}`)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)))
  }
  let failure: unknown
  try {
    await runDemo({ instance, options, printer, checks, signal: interrupt.signal })
  } catch (error) {
    failure = error
    checks.check(false, describeError(error))
  }
  if (options.keep && failure === undefined) sayHowToLook()
  else if (!options.keep) await cleanUp(instance, checks.check)
  printer.line()
  if (checks.failures.length > 20) printer.line(`... and ${checks.failures.length - 20} more failures`)
  printer.line(summary(checks))
  return checks.failures.length === 0 ? 0 : 1
}

async function cleanUp(instance: Instance, check: (ok: boolean, what: string) => boolean): Promise<void> {
  printer.progress('taking everything away')
  await downSandbox(instance)
  const left = remains(instance)
  const names = (Object.keys(left) as (keyof Remains)[]).flatMap((kind) =>
    left[kind].map((what) => `${kind} ${what}`),
  )
  check(names.length === 0, `nothing is left behind; there are ${names.join(', ')}`)
}

function sayHowToLook(): void {
  printer.heading('the cluster is still up; look around:')
  printer.line('  ./dev sandbox status')
  printer.line('  ./dev sandbox kubectl get pods,services,networkpolicies -A -o wide')
  printer.line('  ./dev sandbox exec POD -n NAMESPACE -- ip addr')
  printer.line('  ./dev sandbox down')
}

try {
  const options = parseDemoOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(helpText)
  // Connections that the probes left half closed must not keep the process.
  process.exit(options.help ? 0 : await main(options))
} catch (error) {
  process.stderr.write(`error: ${describeError(error)}\n`)
  process.exit(1)
}
