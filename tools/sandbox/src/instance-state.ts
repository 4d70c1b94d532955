import { chmodSync, mkdirSync } from 'node:fs'
import { type Instance, type Node, nodesOf } from './instance.ts'
import { identifyProcess } from './processes.ts'
import { type SandboxOptions, type SandboxState, writeState } from './state-file.ts'
import type { SupervisedChild } from './supervisor.ts'

/** The directories of an instance; also what tells a second `up` that there is one. */
export function createDirectories(instance: Instance, options: SandboxOptions): void {
  const nodes = nodesOf(instance, options.nodes)
  const directories = [instance.stateDir, instance.logDir, instance.templateDir, instance.etcdDir]
  for (const directory of [...directories, ...nodes.map((node) => node.stateDir)]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chmodSync(directory, 0o700)
  }
  writeState(instance.stateFile, stateOf(instance, { options, nodes, children: [], daemon: false }))
}

/** What there is of an instance, or is about to be. */
export function stateOf(
  instance: Instance,
  {
    options,
    nodes,
    children,
    daemon = true,
  }: {
    options: SandboxOptions
    nodes: readonly Node[]
    children: readonly SupervisedChild[]
    daemon?: boolean
  },
): SandboxState {
  const running = children.map((child) => child.status()).filter(({ process }) => process !== undefined)
  return {
    version: 1,
    name: instance.name,
    options,
    daemon: daemon ? identifyProcess(process.pid) : undefined,
    children: Object.fromEntries(running.map(({ name, process }) => [name, process!])),
    netns: [instance.fabricNetns, ...nodes.map((node) => node.netns)],
    mounts: [instance.bpfRoot],
  }
}
