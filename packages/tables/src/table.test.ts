import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derive } from './derive.ts'
import { createTable } from './table.ts'

type Pod = Readonly<{ name: string; node: string; ip: string }>

const podTable = () =>
  createTable<Pod>({
    name: 'pods',
    key: (pod) => pod.name,
    indexes: { node: (pod) => [pod.node] },
    equals: (a, b) => a.name === b.name && a.node === b.node && a.ip === b.ip,
  })

describe('table', () => {
  it('finds rows by index, also after a row moved', () => {
    const pods = podTable()
    pods.upsert({ name: 'a', node: 'n1', ip: '1' })
    pods.upsert({ name: 'b', node: 'n1', ip: '2' })
    pods.upsert({ name: 'a', node: 'n2', ip: '1' })
    expect(pods.byIndex('node', 'n1').map((pod) => pod.name)).toEqual(['b'])
    expect(pods.byIndex('node', 'n2').map((pod) => pod.name)).toEqual(['a'])
    pods.delete('a')
    expect(pods.byIndex('node', 'n2')).toEqual([])
  })

  it('does not call an equal row a change', () => {
    const pods = podTable()
    pods.upsert({ name: 'a', node: 'n1', ip: '1' })
    const before = pods.revision
    expect(pods.upsert({ name: 'a', node: 'n1', ip: '1' })).toBe(false)
    expect(pods.revision).toBe(before)
  })

  it('a reader that applies its changes holds what the table holds, whenever it looks', () => {
    const operation = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      ip: fc.constantFrom('1', '2'),
      kind: fc.constantFrom('upsert', 'delete', 'look', 'replace'),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const pods = podTable()
        pods.upsert({ name: 'a', node: 'n', ip: '0' })
        using changes = pods.changes()
        const seen = new Map<string, Pod>()
        const look = () => {
          for (const change of changes.take()) {
            if (change.kind === 'delete') seen.delete(change.key)
            else seen.set(change.key, change.row)
          }
          expect([...seen].sort()).toEqual([...pods.rows()].map((pod) => [pod.name, pod]).sort())
        }
        for (const { name, ip, kind } of operations) {
          if (kind === 'upsert') pods.upsert({ name, node: 'n', ip })
          else if (kind === 'delete') pods.delete(name)
          else if (kind === 'replace') pods.replaceAll([{ name, node: 'n', ip }])
          else look()
        }
        look()
      }),
    )
  })

  it('ends a batch loop without an error when the signal aborts', async () => {
    const pods = podTable()
    const controller = new AbortController()
    const seen: number[] = []
    const reading = (async () => {
      using changes = pods.changes()
      for await (const batch of changes.batches(controller.signal)) seen.push(batch.length)
    })()
    pods.upsert({ name: 'a', node: 'n', ip: '1' })
    pods.upsert({ name: 'b', node: 'n', ip: '1' })
    await new Promise(setImmediate)
    controller.abort(new Error('over'))
    await reading
    expect(seen).toEqual([2])
  })
})

describe('derive', () => {
  it('waits for the first whole state, then folds changes into one run', async () => {
    const pods = podTable()
    const controller = new AbortController()
    let runs = 0
    const running = derive({ sources: [pods], recompute: () => void runs++, signal: controller.signal })
    pods.upsert({ name: 'a', node: 'n', ip: '1' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(runs).toBe(0)
    pods.markInitialized()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(runs).toBe(1)
    for (const ip of ['2', '3', '4']) pods.upsert({ name: 'a', node: 'n', ip })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(runs).toBe(2)
    controller.abort()
    await running
  })
})
