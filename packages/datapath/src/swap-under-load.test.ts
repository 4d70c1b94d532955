import type { ProgramSet } from '@axoneme/bpf-templater'
import { describe, expect, it, type TestContext } from 'vitest'
import { type AttachmentKind, openAttacher } from './attach/attacher.ts'
import { endpointConstants } from './endpoint-constants.ts'
import { endpointPrograms } from './endpoint-programs.ts'
import { tunnelDevice } from './node-devices.ts'
import { attachmentKinds, hasBothAttachmentKinds } from './testing/attachment-kinds.ts'
import { runningPrograms } from './testing/running-programs.ts'
import { type End, type SwapScenario, startSwapScenario } from './testing/swap-scenario.ts'
import { isRoot } from './testing/test-cluster.ts'

/** AXO_SWAPS=100000 makes it a soak test. */
const swapCount = Number(process.env.AXO_SWAPS ?? 1000)
const timeout = 90_000 + swapCount * 60

/** What swaps the programs of an end, with sets that are loaded already: two equal ones, and one of its other identity. */
async function openSwapper(scenario: SwapScenario, { end, kind }: { end: End; kind: AttachmentKind }) {
  const { netlink, netns, objects } = end.node
  const { kernel, templates, maps, paths } = objects
  const { id, hostIfName } = end.pod.row
  const attacher = openAttacher({ kernel, netlink, netns, kind })
  const programs = endpointPrograms({ kernel, attacher, template: templates.lxc, maps, paths })
  const ifIndex = netlink.linkByName(hostIfName)?.ifIndex ?? 0
  const tunnelIfIndex = netlink.linkByName(tunnelDevice)?.ifIndex
  using policyMap = kernel.openPinnedMap(paths.policyMap(id))
  const load = (which: 0 | 1) =>
    programs.load({
      constants: endpointConstants(scenario.rowAs(end, which), { ifIndex, tunnelIfIndex }),
      policyMap,
    })
  const sets: readonly [ProgramSet, ...ProgramSet[]] = [await load(0), await load(0), await load(1)]
  return {
    /** Returns the ids of what runs then, and how long it took. */
    swap(turn: number) {
      const set = sets[turn % sets.length] ?? sets[0]
      const startMs = performance.now()
      programs.attach({ id, ifIndex }, set)
      const durationMs = performance.now() - startMs
      return {
        durationMs,
        ids: Object.fromEntries(Object.entries(set.programs).map(([name, program]) => [name, program.id])),
      }
    },
    [Symbol.dispose]() {
      for (const set of sets) set[Symbol.dispose]()
    },
  }
}

const setups = ([1, 2] as const).flatMap((nodes) => attachmentKinds.map((kind) => ({ kind, nodes })))

describe.runIf(isRoot).each(setups)('by $kind under load, pods on $nodes node(s)', ({ kind, nodes }) => {
  it(`${swapCount} swaps of both ends lose no packet`, { timeout }, async (context) => {
    await using scenario = await startSwapScenario({ kind, nodes })
    const { ends, traffic } = scenario
    const durationsMs: number[] = []
    const startMs = performance.now()
    const atStart = traffic.progress()
    {
      using opened = new DisposableStack()
      const swappers = await Promise.all(ends.map((end) => openSwapper(scenario, { end, kind })))
      for (const swapper of swappers) opened.use(swapper)
      for (let turn = 0; turn < swapCount; turn++) {
        const swaps = swappers.map((swapper) => swapper.swap(turn))
        durationsMs.push(...swaps.map(({ durationMs }) => durationMs))
        // Each set has its share of each kind of packet: 10 turns are not a multiple of the sets.
        if (turn % 10 > 0) continue
        await traffic.advanced()
        for (const [index, { node, pod }] of ends.entries()) {
          expect(runningPrograms(node, pod.row)).toEqual(swaps[index]?.ids)
        }
      }
    }
    const [elapsedMs, atEnd] = [performance.now() - startMs, traffic.progress()]
    const report = await scenario.expectUndisturbed()
    await context.annotate(
      JSON.stringify({ swapMs: quantiles(durationsMs), elapsedMs, atStart, atEnd, ...report }),
    )
  })

  it('programs that are loaded for each swap lose no packet', { timeout }, async (context) => {
    await using scenario = await startSwapScenario({ kind, nodes })
    for (let turn = 1; turn <= 20; turn++) {
      for (const end of scenario.ends) {
        const { node, pod } = end
        const before = runningPrograms(node, pod.row)
        await scenario.become(end, turn % 2 === 0 ? 0 : 1)
        expect(node.datapath.endpoints.status.get(String(pod.row.id))?.state).toBe('done')
        expectAllReplaced(before, runningPrograms(node, pod.row))
      }
      await scenario.traffic.advanced()
    }
    await annotateReport(context, scenario)
  })
})

describe.runIf(hasBothAttachmentKinds).each([
  { from: 'clsact', to: 'tcx', nodes: 1 },
  { from: 'clsact', to: 'tcx', nodes: 2 },
  { from: 'tcx', to: 'clsact', nodes: 2 },
] as const)('an agent by $to after one by $from, pods on $nodes node(s)', ({ from, to, nodes }) => {
  it('replaces the programs of another template, and no packet meets none or two', {
    timeout,
  }, async (context) => {
    await using scenario = await startSwapScenario({ kind: from, nodes })
    const { traffic } = scenario
    const { node } = scenario.ends[0] as End
    const ends = scenario.ends.filter((end) => end.node === node)
    await using opened = new AsyncDisposableStack()
    for (let turn = 0; turn < 4; turn++) {
      const before = ends.map(({ pod }) => runningPrograms(node, pod.row))
      await node.stop()
      await traffic.advanced()
      const isSecond = turn % 2 === 0
      node.attachment = isSecond ? to : from
      await node.start({ objects: opened.use(await node.openObjects({ traceEveryPacket: isSecond })) })
      await traffic.advanced()
      for (const [index, { pod }] of ends.entries()) {
        expectAllReplaced(before[index], runningPrograms(node, pod.row))
      }
    }
    await node.stop()
    await opened.disposeAsync()
    await node.start()
    await annotateReport(context, scenario)
  })
})

function expectAllReplaced(before: Record<string, unknown> | undefined, now: Record<string, unknown>): void {
  for (const [name, id] of Object.entries(now)) {
    expect(id, name).toBeTypeOf('number')
    expect(id, name).not.toBe(before?.[name])
  }
}

async function annotateReport(context: TestContext, scenario: SwapScenario): Promise<void> {
  await context.annotate(JSON.stringify(await scenario.expectUndisturbed()))
}

function quantiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => Number(sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(3))
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
