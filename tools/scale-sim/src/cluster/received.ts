import { execFileSync } from 'node:child_process'

/** Bytes that the node's device received since it was made, headers of all layers included. */
export function readReceivedBytes(netns: string, device = 'eth0'): number {
  const text = execFileSync('nsenter', [`--net=${netns}`, '--', 'cat', '/proc/net/dev'], { encoding: 'utf8' })
  const line = text.split('\n').find((candidate) => candidate.trim().startsWith(`${device}:`))
  return Number(line?.split(':')[1]?.trim().split(/\s+/)[0] ?? Number.NaN)
}
