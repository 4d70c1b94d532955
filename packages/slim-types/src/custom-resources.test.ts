import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ciliumClusterwideNetworkPolicyDecoder,
  ciliumEndpointDecoder,
  ciliumIdentityDecoder,
  ciliumNetworkPolicyDecoder,
  createInterner,
  DecodeError,
  type Decoder,
  decodeList,
  readJson,
  wholeMessage,
} from './index.ts'

const interner = createInterner()
const metadata = { name: 'a', namespace: 'b', uid: 'u', resourceVersion: '7' }
const capture = (name: string) =>
  readFileSync(new URL(`../../../../shared/data/cilium/${name}.json`, import.meta.url))
/** As it comes from an apiserver. */
const decode = <T>({ fromJson, jsonShape }: Decoder<T>, value: unknown): T =>
  fromJson(readJson(wholeMessage(Buffer.from(JSON.stringify(value))), jsonShape))

it('CiliumEndpoints of a real cluster', () => {
  const { items, invalid } = decodeList(capture('ciliumendpoints'), 'json', ciliumEndpointDecoder(interner))
  expect(invalid).toEqual([])
  expect(
    items.map(({ namespace, name, isOwnedByOther }) => [namespace, name, isOwnedByOther]),
  ).toContainEqual(['default', 'bench-0', false])
  expect(items[0]).toEqual({
    name: 'bench-0',
    namespace: 'default',
    uid: 'cadafcd9-8539-47e0-ace1-5b8c90e05dff',
    resourceVersion: 1186,
    isOwnedByOther: false,
  })
})

it.each([{ field: 'name' }, { field: 'namespace' }, { field: 'uid' }])(
  'a CiliumEndpoint without $field is refused',
  ({ field }) => {
    const decoder = ciliumEndpointDecoder(interner)
    expect(decode(decoder, { metadata })).toMatchObject({ uid: 'u', isOwnedByOther: false })
    for (const value of [undefined, null, ''])
      expect(() => decode(decoder, { metadata: { ...metadata, [field]: value } })).toThrow(DecodeError)
  },
)

it('a CiliumIdentity of a real cluster', () => {
  const { items } = JSON.parse(capture('ciliumidentities').toString()) as { items: unknown[] }
  expect(decode(ciliumIdentityDecoder(interner), items[0])).toMatchObject({
    name: '30493',
    namespace: '',
    labels: { 'io.kubernetes.pod.namespace': 'default' },
    securityLabels: { 'k8s:app': 'bench', 'k8s:io.cilium.k8s.policy.cluster': 'default' },
  })
})

describe('policies', () => {
  const [spec, other] = [
    { endpointSelector: { matchLabels: { app: 'web' } }, ingress: [{}] },
    { endpointSelector: {}, egressDeny: [{ toCIDR: ['10.0.0.0/8'] }] },
  ]

  it.each([
    { given: {}, specs: [] },
    { given: { spec }, specs: [spec] },
    { given: { spec, specs: [other] }, specs: [spec, other] },
    { given: { spec: null, specs: [other, spec] }, specs: [other, spec] },
  ])('$given', ({ given, specs }) => {
    const object = { metadata, ...given, status: { conditions: [] } }
    for (const decoder of [ciliumNetworkPolicyDecoder, ciliumClusterwideNetworkPolicyDecoder])
      expect(decode(decoder(interner), object)).toEqual({
        ...metadata,
        resourceVersion: 7,
        labels: {},
        specs,
      })
  })

  it('a change of the status is none, one of a rule is', () => {
    const decoder = ciliumNetworkPolicyDecoder(interner)
    const before = decode(decoder, { metadata, spec })
    const reported = { metadata: { ...metadata, resourceVersion: '8' }, spec, status: { ok: true } }
    expect(decoder.equals(before, decode(decoder, reported))).toBe(true)
    expect(decoder.equals(before, decode(decoder, { metadata, spec: { ...spec, ingress: [] } }))).toBe(false)
  })

  it('a spec that is no object is refused', () => {
    expect(() => decode(ciliumNetworkPolicyDecoder(interner), { metadata, spec: 'all' })).toThrow(DecodeError)
  })
})
