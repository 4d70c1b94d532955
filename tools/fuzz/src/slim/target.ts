import type { Target } from '../target.ts'
import { slimSeeds } from './seeds.ts'

export const slimTarget: Target = {
  name: 'slim',
  summary: 'objects, lists, watch events and statuses of an apiserver, in protobuf and JSON',
  module: new URL('./execute.ts', import.meta.url),
  mutations: new URL('./mutator.ts', import.meta.url),
  // Without the caches: which keys share a place in them is random.
  guidedBy: /\/packages\/slim-types\/src\/(?!byte-cache)[^/]*$/,
  seeds: slimSeeds,
}
