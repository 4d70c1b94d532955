import { CodedError, describeError } from '@axoneme/lifecycle'
import { createLogger, jsonSink, type Logger, textSink } from '@axoneme/log'
import {
  type Config,
  defineOptions,
  formatHelp,
  type OptionSet,
  oneOf,
  parseOptions,
  readOptionFiles,
  wantsHelp,
} from '@axoneme/options'

/** Options that every process has. */
export const processOptions = defineOptions({
  'log-level': oneOf(['debug', 'info', 'warn', 'error'], {
    default: 'info',
    help: 'least severe level to log',
  }),
  'log-format': oneOf(['text', 'json'], {
    default: 'json',
    help: 'a line per event, for people or for machines',
  }),
})

/** Names the directory with one file per option; not an option itself, since options are read from there. */
const directoryVariable = 'AXO_CONFIG_DIR'

/**
 * The whole life of a process: answers `--help`, reads the configuration, runs until SIGTERM, SIGINT or a failure,
 * which is told in one sentence, and exits.
 */
export async function runProcess<const Options extends OptionSet & typeof processOptions>({
  name,
  options,
  examples,
  run,
}: {
  name: string
  options: Options
  examples: readonly string[]
  run: (config: Config<Options>, context: { log: Logger; signal: AbortSignal }) => Promise<void>
}): Promise<never> {
  const argv = process.argv.slice(2)
  if (wantsHelp(argv)) {
    process.stdout.write(formatHelp(options, { usage: `${name} [options]`, examples }))
    process.exit(0)
  }
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => stop.abort(new DOMException(`got ${signal}`, 'AbortError')))
  }
  try {
    const directory = process.env[directoryVariable] ?? ''
    const files = directory === '' ? {} : await readOptionFiles(directory)
    const { config } = parseOptions(options, {
      files,
      environment: process.env,
      argv,
      ignored: ['config-dir'],
    })
    const { logFormat, logLevel } = config as Config<Options> & Config<typeof processOptions>
    const sink = logFormat === 'json' ? jsonSink(writeStderr) : textSink(writeStderr)
    await run(config, { log: createLogger({ sink, level: logLevel }), signal: stop.signal })
  } catch (error) {
    if (!stop.signal.aborted) {
      const code = error instanceof CodedError ? ` [${error.code}]` : ''
      writeStderr(`${name}: ${describeError(error)}${code}\n`)
      process.exit(1)
    }
  }
  // Sockets of libraries may linger; nothing of ours is left to wait for.
  process.exit(0)
}

function writeStderr(line: string): void {
  process.stderr.write(line)
}
