import type { BpfMap } from '@axoneme/bpf'
import {
  lb4Backend,
  lb4BackendKey,
  lb4RevNat,
  lb4RevNatKey,
  lb4Service,
  lb4ServiceKey,
  lbBackendState,
} from '@axoneme/bpf-programs'
import type { BackendState, L4Address, LbOperation, LbSnapshot } from '@axoneme/loadbalancer'
import { type L4Protocol, l4ProtocolNumber } from '@axoneme/net-types'
import { ipv4Number } from './ipv4.ts'

/** Draining backends differ from terminating ones only in whether slots point to them. */
const stateNumbers: Readonly<Record<BackendState, number>> = {
  active: lbBackendState.active,
  terminating: lbBackendState.terminating,
  draining: lbBackendState.terminating,
}
const protocols: ReadonlyMap<number, L4Protocol> = new Map(
  (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => [l4ProtocolNumber(protocol), protocol]),
)

/** The load balancing maps of one address family. */
export type LbMaps = Readonly<{ services: BpfMap; backends: BpfMap; reverseNat: BpfMap }>

/** Carries one write out. Deleting what is not there is fine. */
export function applyLbOperation(maps: LbMaps, operation: LbOperation): void {
  switch (operation.kind) {
    case 'put-backend': {
      const { port, protocol, state } = operation.backend
      const address = be32(operation.backend.address)
      const value = { address, port, protocol: l4ProtocolNumber(protocol), state: stateNumbers[state] }
      maps.backends.update(lb4BackendKey.encode({ id: operation.id }), lb4Backend.encode(value))
      break
    }
    case 'delete-backend':
      maps.backends.delete(lb4BackendKey.encode({ id: operation.id }))
      break
    case 'put-slot':
      maps.services.update(
        serviceKey(operation.frontend, operation.slot),
        lb4Service.encode({ backendId: operation.backendId, count: 0, revNatIndex: 0, flags: 0 }),
      )
      break
    case 'delete-slot':
      maps.services.delete(serviceKey(operation.frontend, operation.slot))
      break
    case 'put-service': {
      const { count, revNatIndex } = operation.service
      maps.services.update(
        serviceKey(operation.frontend, 0),
        lb4Service.encode({ backendId: 0, count, revNatIndex, flags: 0 }),
      )
      break
    }
    case 'delete-service':
      maps.services.delete(serviceKey(operation.frontend, 0))
      break
    case 'put-reverse-nat': {
      const { address, port } = operation.frontend
      maps.reverseNat.update(
        lb4RevNatKey.encode({ index: operation.index }),
        lb4RevNat.encode({ address: be32(address), port }),
      )
      break
    }
    case 'delete-reverse-nat':
      maps.reverseNat.delete(lb4RevNatKey.encode({ index: operation.index }))
      break
  }
}

/** What the maps hold: where a restart begins. */
export function readLbMaps(maps: LbMaps): LbSnapshot {
  const services: { frontend: L4Address; service: { count: number; revNatIndex: number } }[] = []
  const slots: { frontend: L4Address; slot: number; backendId: number }[] = []
  for (const [key, value] of maps.services.entries()) {
    const { address, port, protocol, slot } = lb4ServiceKey.decode(key)
    const { count, revNatIndex, backendId } = lb4Service.decode(value)
    const frontend = l4Address({ address, port, protocol })
    if (slot === 0) services.push({ frontend, service: { count, revNatIndex } })
    else slots.push({ frontend, slot, backendId })
  }
  const backends = [...maps.backends.entries()].map(([key, value]) => {
    const { state, ...address } = lb4Backend.decode(value)
    const name: BackendState = state === stateNumbers.active ? 'active' : 'terminating'
    return { id: lb4BackendKey.decode(key).id, backend: { ...l4Address(address), state: name } }
  })
  // The entry itself has no protocol: that of the service which refers to it.
  const byIndex = new Map(services.map(({ frontend, service }) => [service.revNatIndex, frontend]))
  const reverseNat = [...maps.reverseNat.entries()].map(([key, value]) => {
    const { index } = lb4RevNatKey.decode(key)
    const own = l4Address({ ...lb4RevNat.decode(value), protocol: l4ProtocolNumber('TCP') })
    return { index, frontend: byIndex.get(index) ?? own }
  })
  return { services, slots, backends, reverseNat }
}

function serviceKey({ address, port, protocol }: L4Address, slot: number): Buffer {
  return lb4ServiceKey.encode({ address: be32(address), port, slot, protocol: l4ProtocolNumber(protocol) })
}

function l4Address({
  address,
  port,
  protocol,
}: {
  address: number
  port: number
  protocol: number
}): L4Address {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(address)
  return { address: bytes.join('.'), port, protocol: protocols.get(protocol) ?? 'TCP' }
}

function be32(address: string): number {
  const number = ipv4Number(address)
  if (number === undefined) throw new RangeError(`${address} is no IPv4 address`)
  return number
}
