import { CodedError } from '@axoneme/lifecycle'

/** A package of Debian with a kernel for common PCs: not its cloud, realtime, unsigned or debugging variants. */
export type KernelPackage = Readonly<{
  name: string
  /** The first two numbers of its version. */
  series: string
  /** All numbers of its version, for comparing. */
  numbers: readonly number[]
}>

/**
 * Undefined for the name of another package, such as `linux-image-6.12-amd64`, which has no files of its own. The cloud
 * variant has no 9p, by which the guest gets its files.
 */
export function parseKernelPackage(name: string): KernelPackage | undefined {
  const version = /^linux-image-(\d+\.\d+\.\d[.\w+-]*)-amd64$/.exec(name)?.[1]
  if (version === undefined || /-(cloud|rt)$/.test(version)) return undefined
  const numbers = (version.match(/\d+/g) ?? []).map(Number)
  return { name, series: numbers.slice(0, 2).join('.'), numbers }
}

/** The newest package of a series, `6.1`. Throws NO_KERNEL, which names the series that there are. */
export function newestKernel(packages: readonly KernelPackage[], series: string): KernelPackage {
  const newest = packages
    .filter((at) => at.series === series)
    .sort(byVersion)
    .at(-1)
  if (newest !== undefined) return newest
  const all = [...new Set([...packages].sort(byVersion).map((at) => at.series))]
  throw new CodedError('NO_KERNEL', `find a Debian package of kernel ${series}`, {
    hint: all.length === 0 ? 'apt knows of no kernel at all' : `apt has ${all.join(', ')}`,
  })
}

function byVersion(a: KernelPackage, b: KernelPackage): number {
  const length = Math.max(a.numbers.length, b.numbers.length)
  for (let index = 0; index < length; index++) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
