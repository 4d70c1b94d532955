import { expect, it } from 'vitest'
import { instanceOf, isNetnsOf, nodesOf, podNetns } from './instance.ts'

it.each(['sandbox', 'a', 'demo-12345', 'x'.repeat(20)])('accepts %s', (name) => {
  expect(instanceOf(name).stateDir).toBe(`/run/axoneme/${name}`)
})

it.each(['', 'A', '-a', 'a-', '../x', 'a/b', 'a b', 'x'.repeat(21)])("refuses '%s'", (name) => {
  expect(() => instanceOf(name)).toThrow(/no name/)
})

it.each([0, 101, 1.5, Number.NaN])('refuses %s nodes', (count) => {
  expect(() => nodesOf(instanceOf('a'), count)).toThrow(/no number of nodes/)
})

it('owns exactly its own namespaces, also beside an instance whose name goes on', () => {
  const [a, ab] = [instanceOf('a'), instanceOf('a-b')]
  const filesOf = (instance: typeof a) =>
    [
      instance.fabricNetns,
      ...nodesOf(instance, 12).map((node) => node.netns),
      podNetns(instance, '0c1d-ef'),
    ].map((path) => path.replace('/run/netns/', ''))
  for (const file of filesOf(a)) expect([isNetnsOf(a, file), isNetnsOf(ab, file)]).toEqual([true, false])
  for (const file of filesOf(ab)) expect([isNetnsOf(a, file), isNetnsOf(ab, file)]).toEqual([false, true])
  expect(isNetnsOf(a, 'axo-a-nodeX')).toBe(false)
})
