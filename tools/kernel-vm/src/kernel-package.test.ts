import { expect, it } from 'vitest'
import { newestKernel, parseKernelPackage } from './kernel-package.ts'

it.each([
  ['linux-image-6.1.0-9-amd64', '6.1'],
  ['linux-image-6.12.107+deb12-amd64', '6.12'],
  ['linux-image-6.1.0-56-cloud-amd64', undefined],
  ['linux-image-6.1.0-56-rt-amd64', undefined],
  ['linux-image-6.12.107+deb12-cloud-amd64', undefined],
  ['linux-image-6.1.0-56-amd64-unsigned', undefined],
  ['linux-image-6.1.0-56-amd64-dbg', undefined],
  ['linux-image-6.12-amd64', undefined],
  ['linux-image-amd64', undefined],
  ['linux-image-6.1.0-9-arm64', undefined],
])('%s is of series %s', (name, series) => expect(parseKernelPackage(name)?.series).toBe(series))

const packages = [
  'linux-image-6.1.0-9-amd64',
  'linux-image-6.1.0-56-amd64',
  'linux-image-6.1.0-47-amd64',
  'linux-image-6.12.9+deb12-amd64',
  'linux-image-6.12.107+deb12-amd64',
].flatMap((name) => parseKernelPackage(name) ?? [])

it.each([
  ['6.1', 'linux-image-6.1.0-56-amd64'],
  ['6.12', 'linux-image-6.12.107+deb12-amd64'],
])('the newest of %s is %s', (series, name) => expect(newestKernel(packages, series).name).toBe(name))

it('names the series that there are', () => {
  expect(() => newestKernel(packages, '9.9')).toThrow(
    expect.objectContaining({ code: 'NO_KERNEL', hint: 'apt has 6.1, 6.12' }),
  )
  expect(() => newestKernel([], '6.1')).toThrow(
    expect.objectContaining({ hint: 'apt knows of no kernel at all' }),
  )
})
