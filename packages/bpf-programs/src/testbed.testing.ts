import { readFileSync } from 'node:fs'
import {
  type BpfKernel,
  type BpfMap,
  type BpfProgram,
  openBpfKernel,
  openRingBuffer,
  type RingBuffer,
  type TestRunResult,
} from '@axoneme/bpf'
import {
  type ConstantValue,
  loadTemplate,
  type ProgramSet,
  parseObject,
  type Template,
} from '@axoneme/bpf-templater'
import { EINVAL, SyscallError } from '@axoneme/syscalls'
import {
  type CtDirection,
  type CtEntry,
  compileObject,
  ct4Key,
  ctDirection,
  ctEntry,
  type DatapathConfig,
  endpoint,
  endpointKey,
  ipcacheKey,
  ipcacheValue,
  lb4Backend,
  lb4BackendKey,
  lb4RevNat,
  lb4RevNatKey,
  lb4Service,
  lb4ServiceKey,
  metricsKey,
  metricsValue,
  type PacketEvent,
  packetEvent,
  policyKey,
  policyValue,
} from './index.ts'
import { ipBytes, ipNumber } from './packet.testing.ts'
import { testTemplateDir } from './test-templates.testing.ts'

/** TC actions of linux/pkt_cls.h. */
export const tcAction = { ok: 0, shot: 2, redirect: 7 } as const

export const isRoot = process.getuid?.() === 0
const tunnelIfIndex = 77

export type TestPod = Readonly<{
  id: number
  ip: string
  identity: number
  programs: Readonly<Record<string, BpfProgram>>
  policy: BpfMap
}>

export type PolicyRule = Readonly<{
  direction: 'ingress' | 'egress'
  identity?: number
  protocol?: number
  port?: number
  portPrefixLength?: number
  ruleSet?: number
  deny?: boolean
}>

const smallSizes: Readonly<Record<string, number>> = {
  axo_ct4: 1024,
  axo_frag4: 64,
  axo_events: 65536,
}

/**
 * The compiled programs with maps of their own, run on single packets by the kernel without any device. Everything
 * goes with it.
 */
export class Testbed implements Disposable {
  readonly maps: Record<string, BpfMap> = {}
  readonly #kernel: BpfKernel = openBpfKernel()
  readonly #resources = new DisposableStack()
  readonly #templates: Readonly<Record<'lxc' | 'host' | 'overlay', Template>>
  /** The events; `events()` reads it too. */
  readonly ring: RingBuffer
  #epoch = 1

  private constructor(objects: Readonly<Record<'lxc' | 'host' | 'overlay', Buffer>>) {
    const load = (bytes: Buffer) =>
      this.#resources.use(loadTemplate(parseObject(bytes), { kernel: this.#kernel }))
    this.#templates = { lxc: load(objects.lxc), host: load(objects.host), overlay: load(objects.overlay) }
    for (const template of Object.values(this.#templates)) {
      for (const [name, spec] of Object.entries(template.maps)) {
        if (name === 'axo_policy' || this.maps[name] !== undefined) continue
        const sized = { ...spec, maxEntries: smallSizes[name] ?? spec.maxEntries }
        this.maps[name] = this.#resources.use(this.#kernel.createMap(sized))
      }
    }
    this.ring = this.#resources.use(openRingBuffer(this.map('axo_events')))
  }

  static async open(config: DatapathConfig): Promise<Testbed> {
    const signal = AbortSignal.timeout(60_000)
    const compile = async (program: 'lxc' | 'host' | 'overlay') =>
      readFileSync((await compileObject({ program, config, cacheDir: testTemplateDir, signal })).path)
    const [lxc, host, overlay] = await Promise.all([compile('lxc'), compile('host'), compile('overlay')])
    return new Testbed({ lxc, host, overlay })
  }

  map(name: string): BpfMap {
    const map = this.maps[name]
    if (map === undefined) throw new Error(`no map ${name}`)
    return map
  }

  /** A pod of this node, with its programs loaded. Without rules nothing is allowed in either direction. */
  addPod({
    id,
    ip,
    identity,
    rules = [],
  }: {
    id: number
    ip: string
    identity: number
    rules?: readonly PolicyRule[]
  }): TestPod {
    const template = this.#templates.lxc
    const policySpec = template.maps.axo_policy
    if (policySpec === undefined) throw new Error('the template has no policy map')
    const policy = this.#resources.use(this.#kernel.createMap(policySpec))
    const constants: Record<string, ConstantValue> = {
      EP_ID: id,
      EP_IDENTITY: identity,
      EP_IPV4: ipBytes(ip),
      EP_IFINDEX: 1000 + id,
      POD_MAC: Uint8Array.of(2, 0, 0, 0, 1, id),
      HOST_MAC: Uint8Array.of(2, 0, 0, 0, 2, id),
      ...(template.constants.includes('TUNNEL_IFINDEX') ? { TUNNEL_IFINDEX: tunnelIfIndex } : {}),
    }
    const set = this.#instantiate('lxc', { constants, policy })
    const pod = { id, ip, identity, policy, programs: set.programs }
    this.map('axo_policy_calls').setProgram(id, this.#program(set, 'pod_policy'))
    this.map('axo_endpoints').update(
      endpointKey.encode({ address: address16(ip), family: 1 }),
      endpoint.encode({
        ifindex: 1000 + id,
        identity,
        id,
        mac: new Uint8Array(6),
        hostMac: new Uint8Array(6),
      }),
    )
    this.setRules(pod, rules)
    return pod
  }

  /** Replaces the pod's policy, as the control plane does: the map first, then the epoch. */
  setRules(pod: TestPod, rules: readonly PolicyRule[]): void {
    for (const [key] of [...pod.policy.entries()]) pod.policy.delete(key)
    for (const rule of rules) {
      const { protocol = 0, port = 0 } = rule
      const portPrefixLength = rule.portPrefixLength ?? (port === 0 ? 0 : 16)
      pod.policy.update(
        policyKey.encode({
          prefixLength: protocol === 0 ? 40 : 48 + portPrefixLength,
          identity: rule.identity ?? 0,
          egress: rule.direction === 'egress' ? 1 : 0,
          protocol,
          dport: port,
        }),
        policyValue.encode({ ruleSet: rule.ruleSet ?? 0, flags: rule.deny === true ? 1 : 0 }),
      )
    }
    this.map('axo_epoch').update(u32(pod.id), u32(this.#epoch++))
  }

  addPrefix(prefix: string, { identity, tunnel = '0.0.0.0' }: { identity: number; tunnel?: string }): void {
    const [ip = '', bits = '32'] = prefix.split('/')
    this.map('axo_ipcache').update(
      ipcacheKey.encode({ prefixLength: 32 + Number(bits), family: 1, address: address16(ip) }),
      ipcacheValue.encode({ identity, tunnelEndpoint: ipNumber(tunnel), encryptKey: 0 }),
    )
  }

  /** Ids of backends are their numbers in the list, from `firstBackendId` on. */
  addService({
    ip,
    port,
    protocol = 6,
    revNatIndex,
    backends,
    firstBackendId = revNatIndex * 100,
  }: {
    ip: string
    port: number
    protocol?: number
    revNatIndex: number
    backends: readonly Readonly<{ ip: string; port: number }>[]
    firstBackendId?: number
  }): void {
    const services = this.map('axo_lb4_services')
    const key = (slot: number) => lb4ServiceKey.encode({ address: ipNumber(ip), port, slot, protocol })
    for (const [index, backend] of backends.entries()) {
      const id = firstBackendId + index
      this.map('axo_lb4_backends').update(
        lb4BackendKey.encode({ id }),
        lb4Backend.encode({ address: ipNumber(backend.ip), port: backend.port, protocol, state: 0 }),
      )
      services.update(
        key(index + 1),
        lb4Service.encode({ backendId: id, count: 0, revNatIndex: 0, flags: 0 }),
      )
    }
    this.map('axo_lb4_revnat').update(
      lb4RevNatKey.encode({ index: revNatIndex }),
      lb4RevNat.encode({ address: ipNumber(ip), port }),
    )
    services.update(
      key(0),
      lb4Service.encode({ backendId: 0, count: backends.length, revNatIndex, flags: 0 }),
    )
  }

  removeBackend(id: number): void {
    this.map('axo_lb4_backends').delete(lb4BackendKey.encode({ id }))
  }

  /** The programs of the node's devices. */
  deviceProgram(object: 'host' | 'overlay', name: string): BpfProgram {
    return this.#program(this.#instantiate(object, { constants: {} }), name)
  }

  /** Loads the programs of a test's own object, with maps of its own that have no names in common with ours. */
  loadObject(bytes: Buffer): { programs: ProgramSet['programs']; maps: Readonly<Record<string, BpfMap>> } {
    const template = this.#resources.use(loadTemplate(parseObject(bytes), { kernel: this.#kernel }))
    const maps = Object.fromEntries(
      Object.entries(template.maps).map(([name, spec]) => [
        name,
        this.#resources.use(this.#kernel.createMap(spec)),
      ]),
    )
    return { programs: this.#resources.use(template.instantiateSync({ constants: {}, maps })).programs, maps }
  }

  /** What was written since the last call. */
  events(): PacketEvent[] {
    const events: PacketEvent[] = []
    this.ring.read((record) => events.push(packetEvent.decode(record)))
    return events
  }

  metric(reason: number, direction: number): { packets: bigint; bytes: bigint } {
    const perCpu = this.map('axo_metrics').lookupPerCpu(metricsKey.encode({ reason, direction })) ?? []
    return perCpu
      .map((value) => metricsValue.decode(value))
      .reduce((sum, value) => ({ packets: sum.packets + value.packets, bytes: sum.bytes + value.bytes }), {
        packets: 0n,
        bytes: 0n,
      })
  }

  connection(tuple: {
    saddr: string
    daddr: string
    sport: number
    dport: number
    protocol?: number
    direction: keyof typeof ctDirection
  }): CtEntry | undefined {
    const direction: CtDirection = ctDirection[tuple.direction]
    const value = this.map('axo_ct4').lookup(
      ct4Key.encode({
        ...tuple,
        saddr: ipNumber(tuple.saddr),
        daddr: ipNumber(tuple.daddr),
        protocol: tuple.protocol ?? 6,
        direction,
      }),
    )
    return value === undefined ? undefined : ctEntry.decode(value)
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #instantiate(
    object: 'lxc' | 'host' | 'overlay',
    { constants, policy }: { constants: Record<string, ConstantValue>; policy?: BpfMap },
  ): ProgramSet {
    const template = this.#templates[object]
    const all: Record<string, BpfMap> = {
      ...this.maps,
      ...(policy === undefined ? {} : { axo_policy: policy }),
    }
    const maps = Object.fromEntries(Object.keys(template.maps).map((name) => [name, all[name] as BpfMap]))
    return this.#resources.use(template.instantiateSync({ constants, maps }))
  }

  #program(set: ProgramSet, name: string): BpfProgram {
    const program = set.programs[name]
    if (program === undefined) throw new Error(`no program ${name}`)
    return program
  }
}

/** Runs one of the pod's programs. Where the kernel can, it also checks that the program keeps the device's checksum. */
export function run(pod: TestPod, name: 'from_pod' | 'to_pod' | 'pod_policy', data: Buffer) {
  const program = pod.programs[name]
  if (program === undefined) throw new Error(`no program ${name}`)
  const result = runChecked(program, data)
  return { action: result.retval, data: Buffer.from(result.data) }
}

function runChecked(program: BpfProgram, data: Buffer): TestRunResult {
  try {
    return program.testRun({ data, checksumComplete: true })
  } catch (error) {
    if (!(error instanceof SyscallError) || error.errno !== EINVAL) throw error
    return program.testRun({ data })
  }
}

function address16(ip: string): Uint8Array {
  const address = new Uint8Array(16)
  address.set(ipBytes(ip))
  return address
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
