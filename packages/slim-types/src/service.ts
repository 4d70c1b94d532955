import type { Decoder } from './decoder.ts'
import { equalsIgnoringVersion } from './equals.ts'
import { decoding } from './errors.ts'
import type { Interner } from './interner.ts'
import { asObject } from './json.ts'
import { identifySlim } from './meta.ts'
import { decodeMessage } from './protobuf.ts'
import { serviceFromJson, serviceShape } from './service-json.ts'
import { readService } from './service-protobuf.ts'
import type { SlimService } from './types.ts'

export function serviceDecoder(interner: Interner): Decoder<SlimService> {
  return {
    kind: 'Service',
    apiVersion: 'v1',
    resource: 'services',
    fromProtobuf: (message) =>
      decodeMessage('Service', message, (reader, end) => readService(reader, end, interner)),
    jsonShape: serviceShape(interner),
    fromJson: (value) => decoding('Service', () => serviceFromJson(asObject(value, 'the object'))),
    identify: identifySlim,
    equals: equalsIgnoringVersion,
  }
}
