import { createLogger, textSink } from '@axoneme/log'
import { runDaemon } from './daemon.ts'
import { instanceOf } from './instance.ts'
import { readState } from './state-file.ts'

/** `node daemon-main.ts NAME tied|free`: started by upSandbox, which wrote the state file before. */
const [name = '', lifetime = 'free'] = process.argv.slice(2)
const instance = instanceOf(name)
const state = readState(instance.stateFile)
if (state === undefined) throw new Error(`there is no ${instance.stateFile}`)

const stop = new AbortController()
const end = () => stop.abort(new DOMException('asked to stop', 'AbortError'))
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end)
if (lifetime === 'tied') process.stdin.on('end', end).on('error', end).resume()

await runDaemon(instance, {
  options: state.options,
  log: createLogger({ sink: textSink((line) => process.stdout.write(line)) }),
  signal: stop.signal,
})
// Connections that others hold open to us must not keep the process.
process.exit(0)
