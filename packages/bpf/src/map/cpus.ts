import { readFileSync } from 'node:fs'

const possiblePath = '/sys/devices/system/cpu/possible'

/** How many values a per-CPU map keeps for each key: one for every CPU that this machine could ever have. */
export function possibleCpuCount(): number {
  return countCpus(readFileSync(possiblePath, 'utf8'))
}

/** `0-3,8` is nine: the kernel numbers up to the highest. */
export function countCpus(list: string): number {
  const highest = /(\d+)\s*$/.exec(list)?.[1]
  if (highest === undefined) throw new Error(`${possiblePath}: "${list}" is no list of CPUs`)
  return Number(highest) + 1
}
