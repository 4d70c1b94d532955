import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { describeError, Scope } from '@axoneme/lifecycle'
import { createLogger, textSink } from '@axoneme/log'
import { startControllers } from '../controllers/controllers.ts'
import { kubeconfigText } from './kubeconfig.ts'
import { startApiServer } from './server.ts'

const usage = `usage: node tools/sandbox/src/apiserver/main.ts [--host 127.0.0.1] [--port 0] [--token TOKEN]
       [--service-cidr 10.96.0.0/16] [--kubeconfig-out FILE] [--no-controllers]

Runs the sandbox's API server, with its controllers unless told otherwise, until it is interrupted.
`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      token: { type: 'string' },
      'service-cidr': { type: 'string', multiple: true },
      'kubeconfig-out': { type: 'string' },
      'no-controllers': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is no port`)
  const log = createLogger({
    sink: textSink((line) => process.stderr.write(line)),
    level: values.verbose ? 'debug' : 'info',
  })
  await using scope = new Scope('main')
  const token = values.token
  const server = scope.use(
    await startApiServer({
      listen: { host: values.host, port },
      log,
      signal: scope.signal,
      ...(token === undefined ? {} : { token }),
      ...(values['service-cidr'] === undefined ? {} : { serviceCidrs: values['service-cidr'] }),
    }),
  )
  if (!values['no-controllers'])
    scope.use(startControllers({ context: server.context, log, signal: scope.signal }))
  const file = values['kubeconfig-out']
  if (file !== undefined) {
    const text = kubeconfigText({ url: server.url, ...(token === undefined ? {} : { token }) })
    // Whoever can read it has the whole cluster.
    await writeFile(file, text, { mode: 0o600 })
  }
  process.stdout.write(`${server.url}\n`)
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt())
  await interrupted
}

main().catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`)
  process.exitCode = 1
})
