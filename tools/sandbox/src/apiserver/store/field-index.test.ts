import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { at } from '../json.ts'
import { type KubeObject, storageKey } from '../object.ts'
import { Collection } from './collection.ts'
import { type Change, History } from './history.ts'

function openCollection(): Collection {
  let revision = 0
  return new Collection({
    history: new History({ limit: 1000, compactedRevision: 0 }),
    nextRevision: () => ++revision,
  })
}

function pod(name: string, nodeName: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: '' },
    spec: nodeName === '' ? {} : { nodeName },
  }
}

const step = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  node: fc.constantFrom('', 'n1', 'n2', 'n3'),
  removes: fc.boolean(),
})

describe('an index by field', () => {
  it('gives what a look at every object gives, and tells of every change that concerns the value', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(39), (steps, subscribeAt) => {
        const collection = openCollection()
        const wanted: Change[] = []
        const heard: Change[] = []
        const nodeOf = (object: KubeObject | undefined) => at(object, 'spec', 'nodeName')
        steps.forEach(({ name, node, removes }, i) => {
          if (i === subscribeAt) {
            collection.subscribe((change) => {
              if (nodeOf(change.object) === 'n1' || nodeOf(change.previous) === 'n1') wanted.push(change)
            })
            collection.subscribe((change) => heard.push(change), { field: 'spec.nodeName', value: 'n1' })
          }
          if (removes) collection.remove(storageKey('default', name))
          else collection.put(pod(name, node))
          const byLook = collection.sorted().filter((object) => nodeOf(object) === 'n1')
          expect(collection.matching({ field: 'spec.nodeName', value: 'n1' })).toEqual(byLook)
        })
        expect(heard).toEqual(wanted)
      }),
    )
  })

  it('forgets a reader that has gone', () => {
    const collection = openCollection()
    const heard: Change[] = []
    const reader = collection.subscribe((change) => heard.push(change), {
      field: 'spec.nodeName',
      value: 'n1',
    })
    reader[Symbol.dispose]()
    collection.put(pod('a', 'n1'))
    expect(heard).toEqual([])
  })
})

it('who resumes with one object is told of its changes only', () => {
  const collection = openCollection()
  for (const name of ['a', 'b', 'a']) collection.put(pod(name, 'n1'))
  const names = (interest?: { field: string; value: string }) =>
    collection.since(1, interest)?.map(({ revision }) => revision)
  expect(names()).toEqual([2, 3])
  expect(names({ field: 'metadata.name', value: 'a' })).toEqual([3])
  expect(names({ field: 'spec.nodeName', value: 'n2' })).toEqual([2, 3])
})
