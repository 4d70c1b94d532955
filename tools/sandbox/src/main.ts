import { spawnSync } from 'node:child_process'
import { CodedError, describeError } from '@axoneme/lifecycle'
import { type Command, helpText, parseCommand } from './cli/arguments.ts'
import { formatStatus } from './cli/status-text.ts'
import { childEnvironment } from './commands.ts'
import { type DaemonStatus, daemonStatus } from './daemon-api.ts'
import { type Instance, instanceOf } from './instance.ts'
import { downSandbox, runningDaemon, upSandbox } from './sandbox.ts'
import { readState } from './state-file.ts'

const signalNumber: Record<string, number> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

async function run(command: Command): Promise<number> {
  if (command.verb === 'help') {
    process.stdout.write(helpText)
    return 0
  }
  const instance = instanceOf(command.name)
  switch (command.verb) {
    case 'up':
      return up(instance, command)
    case 'down': {
      const was = runningDaemon(instance) !== undefined
      await downSandbox(instance)
      say(
        was
          ? `sandbox ${instance.name} is down`
          : `sandbox ${instance.name} was not up; nothing of it is left`,
      )
      return 0
    }
    case 'status': {
      const status = await statusOf(instance)
      const options = readState(instance.stateFile)?.options ?? {
        nodes: status.nodes.length,
        routing: 'native',
      }
      process.stdout.write(
        command.json ? `${JSON.stringify(status, undefined, 2)}\n` : formatStatus(instance, options, status),
      )
      return status.phase === 'ready' && status.nodes.every((node) => node.ready) ? 0 : 1
    }
    case 'kubectl':
      await statusOf(instance)
      return execute(instance, 'kubectl', command.args)
    case 'exec': {
      const { pods } = await statusOf(instance)
      const pod = pods.find((at) => at.namespace === command.namespace && at.name === command.pod)
      if (pod === undefined) {
        throw new CodedError(
          'NO_POD',
          `there is no pod ${command.namespace}/${command.pod} on the sandbox's nodes`,
          {
            hint: './dev sandbox kubectl get pods -A lists the pods; -n names their namespace',
          },
        )
      }
      return execute(instance, 'nsenter', [`--net=${pod.netns}`, '--', ...command.command])
    }
  }
}

async function up(instance: Instance, { options }: Extract<Command, { verb: 'up' }>): Promise<number> {
  const startedMs = performance.now()
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort(new CodedError('INTERRUPTED', `interrupted by ${signal}`)))
  }
  say(`bringing sandbox ${instance.name} up: ${options.nodes} nodes, ${options.routing} routing`)
  await upSandbox(instance, { options, onProgress: say, tied: false, signal: interrupt.signal })
  say(`ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  say('look around: ./dev sandbox kubectl get nodes; ./dev sandbox status; take it away: ./dev sandbox down')
  return 0
}

/** @throws SANDBOX_DOWN when it is not up. */
async function statusOf(instance: Instance): Promise<DaemonStatus> {
  if (runningDaemon(instance) === undefined) {
    throw new CodedError('SANDBOX_DOWN', `sandbox ${instance.name} is not up`, {
      hint: 'bring it up: ./dev sandbox up',
    })
  }
  return daemonStatus(instance)
}

/** Runs a command for the user, at their terminal, and gives back its exit code. */
function execute(instance: Instance, file: string, args: readonly string[]): number {
  const env = {
    ...process.env,
    ...childEnvironment(instance),
    HOME: process.env.HOME,
    KUBECONFIG: instance.kubeconfig,
  }
  const { status, signal, error } = spawnSync(file, args, { stdio: 'inherit', env })
  if (error !== undefined) throw new CodedError('EXEC', `run ${file}`, { cause: error })
  return status ?? 128 + (signalNumber[signal ?? ''] ?? 0)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

try {
  process.exitCode = await run(parseCommand(process.argv.slice(2)))
} catch (error) {
  say(`error: ${describeError(error)}`)
  process.exitCode = 1
}
