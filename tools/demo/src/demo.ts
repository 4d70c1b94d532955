import { openK8sClient } from '@axoneme/k8s-client'
import { daemonStatus, type Instance, upSandbox } from '@axoneme/sandbox'
import type { Checks } from './checks.ts'
import type { ClusterView } from './cluster-view.ts'
import { createKubectl } from './kubectl.ts'
import type { DemoOptions } from './options.ts'
import type { Printer } from './printer.ts'
import { showAgentRestart } from './scenes/agent-restart.ts'
import type { Stage } from './scenes/context.ts'
import { readCounts, showDrops, showEndpointTimes } from './scenes/measurements.ts'
import { showPolicyChange } from './scenes/policy-change.ts'
import { printMatrix, probeAll } from './scenes/probe-matrix.ts'
import { showSpread } from './scenes/spread.ts'
import { settle } from './settle.ts'

const podsReadyMs = 90_000

/** The whole show. Throws when it cannot go on; what it finds wrong on the way is a failed check. */
export async function runDemo({
  instance,
  options,
  printer,
  checks,
  signal,
}: {
  instance: Instance
  options: DemoOptions
  printer: Printer
  checks: Checks
  signal: AbortSignal
}): Promise<void> {
  const { nodes, routing } = options.sandbox
  printer.progress(`bringing ${nodes} nodes up, ${routing} routing`)
  await upSandbox(instance, {
    options: options.sandbox,
    onProgress: printer.progress,
    tied: !options.keep,
    signal,
  })
  await using client = await openK8sClient({
    kubeconfigPath: instance.kubeconfig,
    userAgent: 'axoneme-demo/0.1.0',
  })
  const status = () => daemonStatus(instance, { signal })
  const stage: Stage = {
    instance,
    client,
    kubectl: createKubectl(instance, { signal }),
    printer,
    checks,
    signal,
    status,
  }

  const cluster = await applyManifests(stage, options.files)
  const before = await readCounts(stage, await status())
  const results = await probeAll(stage, cluster)
  const after = await readCounts(stage, await status())
  printMatrix(stage, cluster, results)
  showDrops(stage, { before, after, denied: results.deniedByPolicy })
  const settled = await showSpread(stage, cluster)
  await showEndpointTimes(stage)
  await showPolicyChange(stage, settled)
  await showAgentRestart(stage, settled)

  const again = await probeAll(stage, settled)
  const wrong = again.cells.flat().filter((cell) => cell === 'wrong').length
  printer.line(
    `  ${again.cells.flat().length} probes of everything again: ${wrong} not what the policies say`,
  )
}

async function applyManifests(stage: Stage, files: readonly string[]): Promise<ClusterView> {
  const { kubectl, printer } = stage
  for (const file of files) printer.progress(`kubectl apply -f ${file}`)
  await kubectl(['apply', ...files.flatMap((file) => ['-f', file])])
  return settle(stage, {
    timeoutMs: podsReadyMs,
    onProgress: onChange(({ pods, podsReady }) => printer.progress(`pods ready: ${podsReady} of ${pods}`)),
  })
}

/** Calls `listener` only when what it is told differs from the last time. */
function onChange<T>(listener: (value: T) => void): (value: T) => void {
  let last = ''
  return (value) => {
    const text = JSON.stringify(value)
    if (text !== last) listener(value)
    last = text
  }
}
