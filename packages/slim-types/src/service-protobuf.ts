import { readPortOrName } from './int-or-string.ts'
import type { Interner } from './interner.ts'
import { newMetaDraft, readMeta } from './meta.ts'
import { enter, leave, readMapEntry } from './protobuf.ts'
import {
  isServedByNodes,
  newServiceDraft,
  type ServiceDraft,
  type ServicePortDraft,
  serviceOf,
  servicePortOf,
} from './service-draft.ts'
import type { SlimService, SlimServicePort } from './types.ts'
import type { WireReader } from './wire-reader.ts'

export function readService(reader: WireReader, end: number, interner: Interner): SlimService {
  const draft = newServiceDraft(newMetaDraft())
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        readMeta(reader, draft.meta, interner)
        break
      case (2 << 3) | 2:
        readSpec(reader, draft, interner)
        break
      case (3 << 3) | 2:
        readStatus(reader, draft)
        break
      default:
        reader.skip(tag)
    }
  }
  return serviceOf(draft)
}

function readSpec(reader: WireReader, draft: ServiceDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.ports.push(readPort(reader, interner))
        break
      case (2 << 3) | 2:
        readMapEntry(reader, draft.selector, interner)
        break
      case (3 << 3) | 2:
        draft.clusterIP = reader.string()
        break
      case (4 << 3) | 2:
        draft.type = reader.interned(interner)
        break
      case (5 << 3) | 2:
        draft.externalIPs.push(reader.string())
        break
      case (7 << 3) | 2:
        draft.sessionAffinity = reader.interned(interner)
        break
      case (11 << 3) | 2:
        draft.externalTrafficPolicy = reader.interned(interner)
        break
      case (14 << 3) | 2:
        draft.affinityTimeoutSeconds = readAffinityTimeout(reader)
        break
      case (18 << 3) | 2:
        draft.clusterIPs.push(reader.string())
        break
      case (22 << 3) | 2:
        draft.internalTrafficPolicy = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
}

function readPort(reader: WireReader, interner: Interner): SlimServicePort {
  const end = enter(reader)
  const port: { -readonly [K in keyof ServicePortDraft]: ServicePortDraft[K] } = {
    name: '',
    protocol: '',
    port: 0,
    targetPort: undefined,
    nodePort: 0,
  }
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        port.name = reader.interned(interner)
        break
      case (2 << 3) | 2:
        port.protocol = reader.interned(interner)
        break
      case (3 << 3) | 0:
        port.port = reader.int32()
        break
      case (4 << 3) | 2:
        port.targetPort = readPortOrName(reader, interner)
        break
      case (5 << 3) | 0:
        port.nodePort = reader.int32()
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return servicePortOf(port)
}

/** SessionAffinityConfig.clientIP.timeoutSeconds. */
function readAffinityTimeout(reader: WireReader): number {
  const end = enter(reader)
  let seconds = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag !== ((1 << 3) | 2)) {
      reader.skip(tag)
      continue
    }
    const clientEnd = enter(reader)
    while (reader.pos < clientEnd) {
      const inner = reader.tag()
      if (inner === ((1 << 3) | 0)) seconds = reader.int32()
      else reader.skip(inner)
    }
    leave(reader, clientEnd)
  }
  leave(reader, end)
  return seconds
}

/** ServiceStatus.loadBalancer.ingress. */
function readStatus(reader: WireReader, draft: ServiceDraft): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag !== ((1 << 3) | 2)) {
      reader.skip(tag)
      continue
    }
    const balancerEnd = enter(reader)
    while (reader.pos < balancerEnd) {
      const inner = reader.tag()
      if (inner !== ((1 << 3) | 2)) {
        reader.skip(inner)
        continue
      }
      const ingress = readIngress(reader)
      if (isServedByNodes(ingress)) draft.loadBalancerIPs.push(ingress.ip)
    }
    leave(reader, balancerEnd)
  }
  leave(reader, end)
}

function readIngress(reader: WireReader): { ip: string; ipMode: string } {
  const end = enter(reader)
  const ingress = { ip: '', ipMode: '' }
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) ingress.ip = reader.string()
    else if (tag === ((3 << 3) | 2)) ingress.ipMode = reader.string()
    else reader.skip(tag)
  }
  leave(reader, end)
  return ingress
}
