// Generated from the BTF of c/layouts.c by src/generate-layouts.ts (pnpm run generate). Do not edit.

import { defineLayout, type LayoutValue } from '@axoneme/bpf'

/** enum address_family */
export const addressFamily = {
  ipv4: 1,
  ipv6: 2,
} as const
export type AddressFamily = (typeof addressFamily)[keyof typeof addressFamily]

/** enum ct_direction */
export const ctDirection = {
  egress: 0,
  ingress: 1,
  service: 2,
} as const
export type CtDirection = (typeof ctDirection)[keyof typeof ctDirection]

/** enum ct_flags */
export const ctFlags = {
  forwardClosed: 1,
  replyClosed: 2,
  seenNonSyn: 4,
  loopback: 8,
} as const
export type CtFlags = (typeof ctFlags)[keyof typeof ctFlags]

/** enum ct_state */
export const ctState = {
  new: 0,
  established: 1,
  reply: 2,
  related: 3,
} as const
export type CtState = (typeof ctState)[keyof typeof ctState]

/** enum event_type */
export const eventType = {
  drop: 1,
  trace: 4,
} as const
export type EventType = (typeof eventType)[keyof typeof eventType]

/** enum lb_backend_state */
export const lbBackendState = {
  active: 0,
  terminating: 1,
} as const
export type LbBackendState = (typeof lbBackendState)[keyof typeof lbBackendState]

/** enum packet_reason */
export const packetReason = {
  reasonForwarded: 0,
  reasonEventLost: 64,
  dropInvalidSourceIp: 132,
  dropPolicy: 133,
  dropInvalidPacket: 134,
  dropCtInvalidHeader: 135,
  dropCtUnknownProtocol: 137,
  dropUnknownL3: 139,
  dropMissedTailCall: 140,
  dropWriteError: 141,
  dropUnknownIcmp4Type: 144,
  dropNoTunnelKey: 147,
  dropUnroutableIp: 151,
  dropCsumL3: 153,
  dropCsumL4: 154,
  dropCtCreateFailed: 155,
  dropNoService: 158,
  dropUnknownCt: 163,
  dropUnsupportedNatProtocol: 168,
  dropInvalidIdentity: 171,
  dropFragmentNotFound: 175,
  dropPolicyDeny: 181,
} as const
export type PacketReason = (typeof packetReason)[keyof typeof packetReason]

/** enum policy_flags */
export const policyFlags = {
  allow: 0,
  deny: 1,
} as const
export type PolicyFlags = (typeof policyFlags)[keyof typeof policyFlags]

/** enum traffic_direction */
export const trafficDirection = {
  ingress: 1,
  egress: 2,
} as const
export type TrafficDirection = (typeof trafficDirection)[keyof typeof trafficDirection]

/** struct ct4_key */
export const ct4Key = defineLayout({
  size: 16,
  fields: {
    saddr: { kind: 'be32', offset: 0 },
    daddr: { kind: 'be32', offset: 4 },
    sport: { kind: 'be16', offset: 8 },
    dport: { kind: 'be16', offset: 10 },
    protocol: { kind: 'u8', offset: 12 },
    direction: { kind: 'u8', offset: 13 },
  },
})
export type Ct4Key = LayoutValue<typeof ct4Key>

/** struct ct_entry */
export const ctEntry = defineLayout({
  size: 64,
  fields: {
    forwardPackets: { kind: 'u64', offset: 0 },
    forwardBytes: { kind: 'u64', offset: 8 },
    replyPackets: { kind: 'u64', offset: 16 },
    replyBytes: { kind: 'u64', offset: 24 },
    expiresSeconds: { kind: 'u32', offset: 32 },
    createdSeconds: { kind: 'u32', offset: 36 },
    peerIdentity: { kind: 'u32', offset: 40 },
    policyEpoch: { kind: 'u32', offset: 44 },
    ruleSet: { kind: 'u32', offset: 48 },
    backendId: { kind: 'u32', offset: 52 },
    revNatIndex: { kind: 'u16', offset: 56 },
    endpointId: { kind: 'u16', offset: 58 },
    flags: { kind: 'u8', offset: 60 },
    forwardTcpFlags: { kind: 'u8', offset: 61 },
    replyTcpFlags: { kind: 'u8', offset: 62 },
  },
})
export type CtEntry = LayoutValue<typeof ctEntry>

/** struct endpoint_key */
export const endpointKey = defineLayout({
  size: 20,
  fields: {
    address: { kind: 'bytes', offset: 0, length: 16 },
    family: { kind: 'u8', offset: 16 },
  },
})
export type EndpointKey = LayoutValue<typeof endpointKey>

/** struct endpoint */
export const endpoint = defineLayout({
  size: 24,
  fields: {
    ifindex: { kind: 'u32', offset: 0 },
    identity: { kind: 'u32', offset: 4 },
    id: { kind: 'u16', offset: 8 },
    mac: { kind: 'bytes', offset: 10, length: 6 },
    hostMac: { kind: 'bytes', offset: 16, length: 6 },
  },
})
export type Endpoint = LayoutValue<typeof endpoint>

/** struct frag4_key */
export const frag4Key = defineLayout({
  size: 12,
  fields: {
    saddr: { kind: 'be32', offset: 0 },
    daddr: { kind: 'be32', offset: 4 },
    ipId: { kind: 'be16', offset: 8 },
    protocol: { kind: 'u8', offset: 10 },
  },
})
export type Frag4Key = LayoutValue<typeof frag4Key>

/** struct frag4_ports */
export const frag4Ports = defineLayout({
  size: 4,
  fields: {
    sport: { kind: 'be16', offset: 0 },
    dport: { kind: 'be16', offset: 2 },
  },
})
export type Frag4Ports = LayoutValue<typeof frag4Ports>

/** struct ipcache_key */
export const ipcacheKey = defineLayout({
  size: 24,
  fields: {
    prefixLength: { kind: 'u32', offset: 0 },
    family: { kind: 'u8', offset: 7 },
    address: { kind: 'bytes', offset: 8, length: 16 },
  },
})
export type IpcacheKey = LayoutValue<typeof ipcacheKey>

/** struct ipcache_value */
export const ipcacheValue = defineLayout({
  size: 12,
  fields: {
    identity: { kind: 'u32', offset: 0 },
    tunnelEndpoint: { kind: 'be32', offset: 4 },
    encryptKey: { kind: 'u8', offset: 8 },
  },
})
export type IpcacheValue = LayoutValue<typeof ipcacheValue>

/** struct lb4_service_key */
export const lb4ServiceKey = defineLayout({
  size: 12,
  fields: {
    address: { kind: 'be32', offset: 0 },
    port: { kind: 'be16', offset: 4 },
    slot: { kind: 'u16', offset: 6 },
    protocol: { kind: 'u8', offset: 8 },
  },
})
export type Lb4ServiceKey = LayoutValue<typeof lb4ServiceKey>

/** struct lb4_service */
export const lb4Service = defineLayout({
  size: 12,
  fields: {
    backendId: { kind: 'u32', offset: 0 },
    count: { kind: 'u16', offset: 4 },
    revNatIndex: { kind: 'u16', offset: 6 },
    flags: { kind: 'u16', offset: 8 },
  },
})
export type Lb4Service = LayoutValue<typeof lb4Service>

/** struct lb4_backend_key */
export const lb4BackendKey = defineLayout({
  size: 4,
  fields: {
    id: { kind: 'u32', offset: 0 },
  },
})
export type Lb4BackendKey = LayoutValue<typeof lb4BackendKey>

/** struct lb4_backend */
export const lb4Backend = defineLayout({
  size: 8,
  fields: {
    address: { kind: 'be32', offset: 0 },
    port: { kind: 'be16', offset: 4 },
    protocol: { kind: 'u8', offset: 6 },
    state: { kind: 'u8', offset: 7 },
  },
})
export type Lb4Backend = LayoutValue<typeof lb4Backend>

/** struct lb4_rev_nat_key */
export const lb4RevNatKey = defineLayout({
  size: 2,
  fields: {
    index: { kind: 'u16', offset: 0 },
  },
})
export type Lb4RevNatKey = LayoutValue<typeof lb4RevNatKey>

/** struct lb4_rev_nat */
export const lb4RevNat = defineLayout({
  size: 8,
  fields: {
    address: { kind: 'be32', offset: 0 },
    port: { kind: 'be16', offset: 4 },
  },
})
export type Lb4RevNat = LayoutValue<typeof lb4RevNat>

/** struct metrics_key */
export const metricsKey = defineLayout({
  size: 4,
  fields: {
    reason: { kind: 'u8', offset: 0 },
    direction: { kind: 'u8', offset: 1 },
  },
})
export type MetricsKey = LayoutValue<typeof metricsKey>

/** struct metrics_value */
export const metricsValue = defineLayout({
  size: 16,
  fields: {
    packets: { kind: 'u64', offset: 0 },
    bytes: { kind: 'u64', offset: 8 },
  },
})
export type MetricsValue = LayoutValue<typeof metricsValue>

/** struct packet_event */
export const packetEvent = defineLayout({
  size: 80,
  fields: {
    timeNs: { kind: 'u64', offset: 0 },
    type: { kind: 'u8', offset: 8 },
    reason: { kind: 'u8', offset: 9 },
    direction: { kind: 'u8', offset: 10 },
    family: { kind: 'u8', offset: 11 },
    protocol: { kind: 'u8', offset: 12 },
    tcpFlags: { kind: 'u8', offset: 13 },
    ctState: { kind: 'u8', offset: 14 },
    sourceIdentity: { kind: 'u32', offset: 16 },
    destinationIdentity: { kind: 'u32', offset: 20 },
    saddr: { kind: 'bytes', offset: 24, length: 16 },
    daddr: { kind: 'bytes', offset: 40, length: 16 },
    sport: { kind: 'be16', offset: 56 },
    dport: { kind: 'be16', offset: 58 },
    endpointId: { kind: 'u16', offset: 60 },
    revNatIndex: { kind: 'u16', offset: 62 },
    ifindex: { kind: 'u32', offset: 64 },
    length: { kind: 'u32', offset: 68 },
    ruleSet: { kind: 'u32', offset: 72 },
  },
})
export type PacketEvent = LayoutValue<typeof packetEvent>

/** struct policy_key */
export const policyKey = defineLayout({
  size: 12,
  fields: {
    prefixLength: { kind: 'u32', offset: 0 },
    identity: { kind: 'u32', offset: 4 },
    egress: { kind: 'u8', offset: 8 },
    protocol: { kind: 'u8', offset: 9 },
    dport: { kind: 'be16', offset: 10 },
  },
})
export type PolicyKey = LayoutValue<typeof policyKey>

/** struct policy_value */
export const policyValue = defineLayout({
  size: 8,
  fields: {
    ruleSet: { kind: 'u32', offset: 0 },
    flags: { kind: 'u8', offset: 4 },
  },
})
export type PolicyValue = LayoutValue<typeof policyValue>

/** Keys and values by the name of the map; maps of plain numbers, programs and records are left out. */
export const mapLayouts = {
  axo_ct4: { key: ct4Key, value: ctEntry },
  axo_endpoints: { key: endpointKey, value: endpoint },
  axo_frag4: { key: frag4Key, value: frag4Ports },
  axo_ipcache: { key: ipcacheKey, value: ipcacheValue },
  axo_lb4_backends: { key: lb4BackendKey, value: lb4Backend },
  axo_lb4_revnat: { key: lb4RevNatKey, value: lb4RevNat },
  axo_lb4_services: { key: lb4ServiceKey, value: lb4Service },
  axo_metrics: { key: metricsKey, value: metricsValue },
  axo_policy: { key: policyKey, value: policyValue },
} as const
