import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject, type JsonObject, objectAt, objectsAt } from './json.ts'
import { anyJson, resourceShape } from './json-shape.ts'
import { identifySlim, metaFromJson, metaOf, metaShapes } from './meta.ts'
import type { SlimCiliumPolicy } from './types.ts'
import { listOf } from './values.ts'

/** cilium.io/v2 CiliumNetworkPolicy. */
export function ciliumNetworkPolicyDecoder(interner: Interner): Decoder<SlimCiliumPolicy> {
  return policyDecoder('CiliumNetworkPolicy', 'ciliumnetworkpolicies', interner)
}

/** cilium.io/v2 CiliumClusterwideNetworkPolicy. */
export function ciliumClusterwideNetworkPolicyDecoder(interner: Interner): Decoder<SlimCiliumPolicy> {
  return policyDecoder('CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies', interner)
}

function policyDecoder(kind: string, resource: string, interner: Interner): Decoder<SlimCiliumPolicy> {
  return {
    kind,
    apiVersion: 'cilium.io/v2',
    resource,
    jsonShape: resourceShape({ spec: anyJson, specs: anyJson }, metaShapes(interner)),
    fromJson: (value) => decoding(kind, () => policyFromJson(asObject(value, 'the object'))),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}

function policyFromJson(object: JsonObject): SlimCiliumPolicy {
  const spec = objectAt(object, 'spec')
  const specs = objectsAt(object, 'specs')
  return { ...metaOf(metaFromJson(object)), specs: listOf(spec === undefined ? specs : [spec, ...specs]) }
}
