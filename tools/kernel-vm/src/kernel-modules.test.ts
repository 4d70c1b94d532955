import { CodedError } from '@axoneme/lifecycle'
import { expect, it } from 'vitest'
import { loadOrder, moduleDependencies, moduleName } from './kernel-modules.ts'

it.each([
  { name: 'none', info: 'license=GPL\0depends=\0retpoline=Y\0', dependencies: [] },
  { name: 'two', info: 'alias=fs-9p\0depends=9pnet,fscache\0name=9p\0', dependencies: ['9pnet', 'fscache'] },
  { name: 'one with a dash', info: 'license=GPL\0depends=virtio-ring\0', dependencies: ['virtio_ring'] },
  { name: 'no word of it', info: 'license=GPL\0', dependencies: [] },
  { name: 'a word that is cut off', info: 'license=GPL\0depends=llc', dependencies: [] },
])('reads from a module file: $name', ({ info, dependencies }) => {
  const file = Buffer.concat([Buffer.from('\x7fELF depends=code\0'), Buffer.from(info)])
  expect(moduleDependencies(file)).toEqual(dependencies)
})

it.each([
  ['virtio-rng.ko', 'virtio_rng'],
  ['9p.ko', '9p'],
  ['virtio-rng.ko.xz', 'virtio_rng'],
])('%s is module %s', (file, name) => expect(moduleName(file)).toBe(name))

const graph: Readonly<Record<string, readonly string[]>> = {
  bridge: ['stp', 'llc'],
  stp: ['llc'],
  llc: [],
  veth: [],
  broken: ['missing'],
  chicken: ['egg'],
  egg: ['chicken'],
  vxlan: ['ipv6', 'llc'],
}
const find = (name: string) => {
  if (name === 'ipv6') return 'built-in'
  const dependencies = graph[name]
  return dependencies === undefined ? undefined : { name, content: Buffer.from(name), dependencies }
}
const orderOf = (...wanted: string[]) => loadOrder(wanted, find).map(({ name }) => name)

it('loads each module once, after what it needs', () => {
  expect(orderOf('veth', 'bridge', 'llc')).toEqual(['veth', 'llc', 'stp', 'bridge'])
})

it('leaves out what is built in', () => {
  expect(orderOf('ipv6', 'vxlan')).toEqual(['llc', 'vxlan'])
})

it('comes to an end where modules need each other', () => {
  expect(orderOf('chicken').sort()).toEqual(['chicken', 'egg'])
})

it.each([
  { wanted: 'dummy', message: 'the kernel has no module dummy, which the guest needs' },
  { wanted: 'broken', message: 'the kernel has no module missing, which broken needs' },
])('names what is missing for $wanted', ({ wanted, message }) => {
  expect(() => orderOf(wanted)).toThrow(new CodedError('NO_MODULE', message))
})
