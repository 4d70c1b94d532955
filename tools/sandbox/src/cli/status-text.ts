import type { DaemonStatus } from '../daemon-api.ts'
import type { Instance } from '../instance.ts'
import type { SandboxOptions } from '../state-file.ts'

/** What `status` prints for people. */
export function formatStatus(instance: Instance, options: SandboxOptions, status: DaemonStatus): string {
  const lines = [
    `sandbox ${instance.name}: ${status.phase}${status.error === undefined ? '' : `: ${status.error}`}`,
    `  apiserver   ${status.apiserver}`,
    `  kubeconfig  ${instance.kubeconfig}`,
    `  routing     ${options.routing}`,
    `  logs        ${instance.logDir}`,
    `  pods        ${status.pods.filter((pod) => pod.state === 'running').length} running of ${status.pods.length}`,
    '',
    ...table([
      ['NODE', 'ADDRESS', 'STATE', 'NETNS'],
      ...status.nodes.map((node) => [
        node.name,
        node.address,
        node.ready ? 'ready' : `waiting for ${node.waitingFor}`,
        node.netns,
      ]),
    ]),
    '',
    ...table([
      ['PROCESS', 'PID', 'RESTARTS', 'LAST EXIT'],
      ...status.children.map((child) => [
        child.name,
        child.pid === undefined ? '-' : String(child.pid),
        String(child.restarts),
        child.lastExit === '' ? '-' : child.lastExit,
      ]),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
