import type { AgentStatus } from '@axoneme/agent-api'
import { describe, expect, it } from 'vitest'
import { isRoot, TestNode } from './testing/test-node.ts'

const stepsOf = ({ steps }: AgentStatus) => Object.fromEntries(steps.map((step) => [step.name, step]))

describe.runIf(isRoot || process.env.CI === 'true')('the start of an agent', () => {
  const node = {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } },
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] },
  }

  it('waits for what is away, keeps what it has, and never ends because of it', {
    timeout: 120_000,
  }, async () => {
    await using test = TestNode.create()
    const { client } = test
    const poll = <T>(find: () => Promise<T>) => expect.poll(find, { timeout: 40_000, interval: 100 })
    const status = async () => client.status().catch(() => undefined)
    const steps = async () => {
      const answer = await status()
      return answer === undefined ? {} : stepsOf(answer)
    }
    const createNode = async () => {
      const create = () => test.kubectl('create', '-f', test.manifest(node)).catch(() => 'not yet')
      await poll(create).toContain('created')
      const patch = JSON.stringify({ status: node.status })
      await test.kubectl('patch', 'node', 'node-1', '--subresource=status', '-p', patch)
    }

    // Nothing runs. Both things that it needs are asked for at the same time, and named.
    test.start('agent')
    await poll(steps).toMatchObject({
      turn: { state: 'done', attempts: 1 },
      'datapath objects': { state: 'done', attempts: 1 },
      kvstore: { state: 'running', detail: expect.stringContaining('127.0.0.1:2379') },
      node: {
        state: 'running',
        detail: expect.stringMatching(/^Node node-1 with an InternalIP; .*ECONNREFUSED/),
      },
    })
    const health = await client.health()
    expect(health).toMatchObject({ ready: false })
    expect(health.detail).not.toBe('')

    // One comes, and is not asked for again.
    test.start('etcd')
    await poll(steps).toMatchObject({ kvstore: { state: 'done' }, node: { state: 'running' } })
    const { kvstore } = await steps()

    // The other one comes, without the operator at first.
    test.start('apiserver')
    await createNode()
    await poll(steps).toMatchObject({
      node: { state: 'running', detail: expect.stringContaining('the operator to assign a pod CIDR') },
    })
    test.start('operator')
    await poll(status).toMatchObject({ ready: true, step: '' })
    expect(await steps()).toMatchObject({ kvstore, node: { state: 'done', attempts: 1 } })
    expect(test.lastRun()).toEqual({ nodeCount: expect.any(Number) })

    await poll(status).toMatchObject({ kvstoreEndpoints: [{ state: 'ok', role: 'leader', detail: '' }] })

    await poll(() => client.operatorIntervals()).toMatchObject({
      published: { by: expect.stringMatching(/-/) },
      reason: '',
    })

    // All of them go: what runs goes on.
    await Promise.all((['apiserver', 'etcd', 'operator'] as const).map((program) => test.kill(program)))
    await poll(async () => (await status())?.components).toContainEqual(
      expect.objectContaining({ name: 'apiserver', state: 'degraded' }),
    )
    expect(await client.health()).toMatchObject({ ready: true })

    // A restart in between waits as the first start did.
    await test.kill('agent')
    test.start('agent')
    await poll(steps).toMatchObject({ kvstore: { state: 'running' }, node: { state: 'running' } })
    test.start('operator')
    await poll(steps).toMatchObject({ node: { detail: expect.stringContaining('ECONNREFUSED') } })
    for (const program of ['etcd', 'apiserver'] as const) test.start(program)
    await createNode()
    await poll(status).toMatchObject({ ready: true })
    for (const step of Object.values(await steps()))
      expect(step).toMatchObject({ state: 'done', attempts: 1 })
    for (const program of ['agent', 'operator'] as const) expect(test.isRunning(program)).toBe(true)
  })
})
