import { readdirSync, readlinkSync } from 'node:fs'
import { unpin } from '@axoneme/bpf'
import type { EndpointRow } from '@axoneme/endpoint'
import { describe, expect, it } from 'vitest'
import { type AttachmentKind, openAttacher } from './attach/attacher.ts'
import { endpointConstants } from './endpoint-constants.ts'
import { mapsOfTemplate, programNamed } from './template-maps.ts'
import { attachmentKinds } from './testing/attachment-kinds.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import type { TestNode, TestPod } from './testing/test-node.ts'
import type { ProgramCheck } from './verify-programs.ts'

const names = ['from_pod', 'pod_policy', 'to_pod']

async function startedNode({
  kind,
  routingMode = 'native',
}: {
  kind?: AttachmentKind
  routingMode?: 'native' | 'tunnel'
}) {
  const cluster = await TestCluster.create({ routingMode })
  const node = cluster.node(1)
  node.attachment = kind
  await node.start()
  return node
}

/** How many programs this process has open. */
function heldPrograms(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return 'closed since it was listed'
    }
  })
  return targets.filter((target) => target.includes('bpf-prog')).length
}

function outcomes(checks: readonly ProgramCheck[]): Record<string, string> {
  return Object.fromEntries(checks.map(({ program, outcome }) => [program, outcome]))
}

const same = { from_pod: 'same', pod_policy: 'same', to_pod: 'same' }

/** Puts programs that were made of other values in the place of the endpoint's. */
async function swapIn(node: TestNode, row: EndpointRow, replaced: readonly string[]): Promise<void> {
  const { kernel, templates, maps, paths, policyMapSpec } = node.objects
  const ifIndex = node.netlink.linkByName(row.hostIfName)?.ifIndex ?? 0
  using policyMap = kernel.createMap(policyMapSpec)
  using wrong = await templates.lxc.instantiate({
    constants: endpointConstants(
      { ...row, identity: row.identity + 1 },
      { ifIndex, tunnelIfIndex: undefined },
    ),
    maps: { ...mapsOfTemplate(templates.lxc, maps), axo_policy: policyMap },
  })
  const attacher = openAttacher({ kernel, netlink: node.netlink, netns: node.netns, kind: node.attachment })
  for (const name of replaced) {
    const program = programNamed(wrong.programs, name)
    if (name === 'pod_policy') node.objects.map('axo_policy_calls').setProgram(row.id, program)
    else {
      const direction = name === 'from_pod' ? 'ingress' : 'egress'
      attacher.attach({ ifIndex, direction, path: paths.endpointLink(row.id, name) }, program)
    }
  }
}

describe.runIf(isRoot).each(attachmentKinds)('programs attached by %s', (kind) => {
  it('are the same as the template makes, and stay what they are', async () => {
    const node = await startedNode({ kind })
    const { row } = await node.addPod({ id: 1 })
    const other = await node.addPod({ id: 2 })
    const before = heldPrograms()
    const checks = await node.datapath.verifyPrograms(row.id)
    expect(outcomes(checks)).toEqual(same)
    for (const { templateTag, running } of checks) {
      expect(templateTag).toMatch(/^[0-9a-f]{16}$/)
      expect(running).toEqual({ id: expect.any(Number), tag: templateTag })
    }
    expect(await node.datapath.verifyPrograms(row.id)).toEqual(checks)
    expect(heldPrograms()).toBe(before)
    const others = await node.datapath.verifyPrograms(other.row.id)
    expect(others.map(({ templateTag }) => templateTag)).not.toEqual(checks.map((check) => check.templateTag))
  })

  it.each(names)('are told when %s is another one', async (name) => {
    const node = await startedNode({ kind })
    const { row } = await node.addPod({ id: 1 })
    await swapIn(node, row, [name])
    const checks = await node.datapath.verifyPrograms(row.id)
    expect(outcomes(checks)).toEqual({ ...same, [name]: 'different' })
    const wrong = checks.find(({ outcome }) => outcome === 'different')
    expect(wrong?.running?.tag).not.toBe(wrong?.templateTag)
  })

  it('are told when they are not there', async () => {
    const node = await startedNode({ kind })
    const { row } = await node.addPod({ id: 1 })
    const ifIndex = node.netlink.linkByName(row.hostIfName)?.ifIndex ?? 0
    if (kind === 'clsact') node.netlink.deleteClsact(ifIndex)
    else for (const name of ['from_pod', 'to_pod']) unpin(node.objects.paths.endpointLink(row.id, name))
    expect(outcomes(await node.datapath.verifyPrograms(row.id))).toEqual({
      from_pod: 'missing',
      pod_policy: 'same',
      to_pod: 'missing',
    })
  })
})

describe.runIf(isRoot)('verifying', () => {
  it('follows the endpoint while it changes, and a restart', async () => {
    const node = await startedNode({})
    const { row }: TestPod = await node.addPod({ id: 1 })
    const changing = [1, 2, 3].map(async (step) => {
      await new Promise(setImmediate)
      node.put({ ...row, identity: row.identity + step }, {})
    })
    const checks = node.datapath
      .verifyPrograms(row.id)
      .then(outcomes, (error: { code?: string }) => error.code)
    await Promise.all(changing)
    expect([same, 'DATAPATH_NOT_REALISED', 'DATAPATH_BUSY']).toContainEqual(await checks)
    await node.settled()
    expect(outcomes(await node.datapath.verifyPrograms(row.id))).toEqual(same)
    await node.stop()
    await node.start()
    expect(outcomes(await node.datapath.verifyPrograms(row.id))).toEqual(same)
  })

  it('knows the tunnel', async () => {
    const node = await startedNode({ routingMode: 'tunnel' })
    const { row } = await node.addPod({ id: 1 })
    expect(outcomes(await node.datapath.verifyPrograms(row.id))).toEqual(same)
    expect(node.datapath.devices).toEqual({ host: ['eth0'], overlay: ['axo_vxlan'] })
  })

  it('says which endpoint is not there', async () => {
    const node = await startedNode({})
    await expect(node.datapath.verifyPrograms(9)).rejects.toMatchObject({
      code: 'DATAPATH_NOT_REALISED',
      message: 'verify endpoint 9, which is not realised yet',
    })
    const { row } = await node.addPod({ id: 1 })
    node.netlink.ensureNoLink({ name: row.hostIfName })
    await expect(node.datapath.verifyPrograms(row.id)).rejects.toThrow(`find interface ${row.hostIfName}`)
  })
})
