import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createNetns, deleteNetns } from '@axoneme/syscalls'
import { BenchError } from '../errors.ts'

/** The processors of the two that talk. */
export const processors = { apiserver: 0, watcher: 1 } as const

/** A network of their own for an apiserver and its watcher. Goes when it is disposed. */
export type Network = Disposable & {
  /** What is to be put before a command that runs in the network, on this processor. */
  command(processor: number): string[]
}

/**
 * On one machine the kernel would do the apiserver's sending in the time of the watcher, each time that this makes room for more
 * bytes. Here loopback hands what arrives to the processor of the apiserver, so that a watcher's processor time is its own, as
 * it is on a node.
 */
export function openNetwork(): Network {
  if (availableParallelism() < 2) throw new BenchError('watch needs two processors')
  const name = `axoneme-bench-${process.pid}`
  const path = join('/run/netns', name)
  createNetns(path)
  try {
    const run = (command: string, args: readonly string[], input = '') =>
      execFileSync('ip', ['netns', 'exec', name, command, ...args], {
        input,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
    run('ip', ['link', 'set', 'lo', 'up'])
    const mask = (1 << processors.apiserver).toString(16)
    run('tee', ['/sys/class/net/lo/queues/rx-0/rps_cpus'], mask)
  } catch (cause) {
    deleteNetns(path)
    throw new BenchError('set up the network of the benchmark', { cause })
  }
  return {
    command: (processor) => ['ip', 'netns', 'exec', name, 'taskset', '-c', String(processor)],
    [Symbol.dispose]: () => deleteNetns(path),
  }
}
