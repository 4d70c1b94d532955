import { expect, it } from 'vitest'
import { clusterSizeInterval } from './cluster-size.ts'

// Published by Cilium for a base of one minute, in seconds.
it.each([
  [0, 60],
  [1, 41.588830833],
  [2, 65.91673732],
  [4, 96.566274746],
  [16, 169.992800643],
  [128, 291.588744261],
  [1024, 415.946873494],
  [4096, 499.080616652],
  [16384, 582.247293667],
])('%i nodes: %d s', (nodes, seconds) => {
  expect(clusterSizeInterval(60_000, nodes) / 1000).toBeCloseTo(seconds, 6)
})
