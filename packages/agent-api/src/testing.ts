import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, type LogEvent } from '@axoneme/log'
import type { CniHandlers } from './cni/handle.ts'
import type { AgentHandlers } from './routes.ts'
import { type AgentApi, type AgentApiEvent, type AgentApiOptions, startAgentApi } from './server.ts'
import type { TemplateRow } from './template-schemas.ts'

const endpoint = {
  id: 7,
  containerId: 'c7',
  ifName: 'eth0',
  netnsPath: '/run/netns/c7',
  namespace: 'shop',
  podName: 'cart-0',
  podUid: 'u-7',
  ipv4: '10.0.1.7',
  podMac: '02:00:00:00:00:07',
  hostMac: '02:00:00:00:01:07',
  hostIfName: 'lxc7',
  labels: { 'k8s:app': 'cart' },
  identity: 300,
  state: 'ready',
} as const

const entry = {
  direction: 'ingress',
  identity: 301,
  protocol: 6,
  port: 80,
  portPrefixLength: 16,
  rules: ['shop/allow-web'],
} as const

const sampleTemplates: readonly TemplateRow[] = [
  {
    hash: 'abc0123456789def0123456789abcdef',
    program: 'lxc',
    configuration: { routingMode: 'native' },
    compiler: 'Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n',
    bytes: 20_000,
    compileMs: 812,
    createdAt: '2026-11-20T21:00:00.000Z',
    lastUsedAt: '2026-11-22T21:00:00.000Z',
    running: true,
    endpoints: [7],
    devices: [],
  },
  {
    hash: 'abc9999999999def0123456789abcdef',
    program: 'host',
    configuration: { routingMode: 'tunnel', traceEveryPacket: true },
    compiler: 'Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n',
    bytes: 9_000,
    compileMs: 300,
    createdAt: '2026-11-01T21:00:00.000Z',
    lastUsedAt: '2026-11-02T21:00:00.000Z',
    running: false,
    endpoints: [],
    devices: [],
  },
]

const sampleDescription = {
  license: 'Dual BSD/GPL',
  slots: [{ name: 'EP_ID', bits: 32, order: 'host' }],
  programs: [
    {
      name: 'from_pod',
      section: 'tc/from_pod',
      type: 'sched_cls',
      instructions: 1400,
      slots: ['EP_ID'],
      maps: ['axo_policy'],
    },
  ],
  maps: [
    {
      name: 'axo_policy',
      type: 'lpm_trie',
      keySize: 12,
      valueSize: 8,
      maxEntries: 16_384,
      pinning: 'none',
    },
  ],
} as const

/** A small agent that knows one pod. */
export function sampleHandlers(
  changes: Partial<Omit<AgentHandlers, 'cni'>> & { cni?: Partial<CniHandlers> } = {},
): AgentHandlers {
  return {
    health: () => ({ ready: true, step: 'ready', detail: '' }),
    status: () => ({
      ready: true,
      step: 'ready',
      detail: '',
      steps: [{ name: 'kvstore', state: 'done', attempts: 2, detail: '', durationMs: 1200 }],
      version: '0.1.0',
      cluster: 'default',
      node: 'node-1',
      routing: 'native',
      podCidrs: ['10.0.1.0/24'],
      startedAt: '2026-11-22T21:00:00.000Z',
      kernel: {
        release: '6.1.0-42-amd64',
        features: [
          {
            name: 'map_ringbuf',
            title: 'BPF maps of type ringbuf',
            since: '5.8',
            usedFor: 'events of the datapath',
            present: true,
            required: true,
          },
          {
            name: 'tcx',
            title: 'tcx links',
            since: '6.6',
            usedFor: 'attaching programs',
            present: false,
            required: false,
            without: 'clsact',
          },
        ],
      },
      attachments: [
        { place: 'pods', by: 'clsact' },
        { place: 'eth0', by: 'clsact' },
      ],
      components: [{ name: 'kvstore', state: 'ok', message: 'connected' }],
      kvstoreEndpoints: [
        {
          endpoint: 'http://10.0.0.11:2379',
          state: 'ok',
          role: 'leader',
          version: '3.5.1',
          detail: '',
          since: '2026-11-22T20:00:00.000Z',
          asked: '2026-11-22T21:04:30.000Z',
        },
        {
          endpoint: 'http://10.0.0.12:2379',
          state: 'down',
          role: '',
          version: '',
          detail: 'connect ECONNREFUSED 10.0.0.12:2379',
          since: '2026-11-22T21:01:00.000Z',
          asked: '2026-11-22T21:04:30.000Z',
        },
        { endpoint: 'http://10.0.0.13:2379', state: 'unknown', role: '', version: '', detail: '' },
      ],
      counts: { endpoints: 1 },
    }),
    intervals: () => [
      {
        name: 'kvstore-resync',
        does: 'compare own keys with the kvstore',
        baseMs: 300_000,
        growth: 'cluster-size',
        jitter: 0.2,
        currentMs: 2_555_000,
      },
      {
        name: 'bootstrap-step',
        does: 'try a step of the start again that failed',
        baseMs: 500,
        growth: 'exponential',
        maxMs: 30_000,
        jitter: 'decorrelated',
        currentMs: 500,
      },
    ],
    operatorIntervals: async () => ({
      published: {
        by: 'operator-1',
        at: '2026-11-22T21:04:18.000Z',
        intervals: [
          {
            name: 'identity-gc',
            does: 'collect identities (option identity-gc-interval)',
            baseMs: 90_000,
            growth: 'none',
            jitter: 0.2,
            currentMs: 90_000,
          },
        ],
      },
      reason: '',
    }),
    endpoints: () => [endpoint],
    identities: () => [{ id: 300, labels: { 'k8s:app': 'cart' } }],
    policies: () => [
      { endpointId: 7, identity: 300, enforceIngress: true, enforceEgress: false, entries: [entry] },
    ],
    explain: ({ endpointId, peer, port }) =>
      endpointId === 7
        ? { allowed: peer === 301 && port === 80, entries: [entry], rules: entry.rules, reason: 'tested' }
        : undefined,
    services: () => [
      {
        key: '10.96.0.1:80/TCP',
        address: '10.96.0.1',
        port: 80,
        protocol: 'TCP',
        kind: 'ClusterIP',
        service: 'shop/cart',
        portName: 'http',
        affinityTimeoutSeconds: 0,
        backends: [{ address: '10.0.1.7', port: 8080, protocol: 'TCP', state: 'active', nodeName: 'node-1' }],
      },
    ],
    nodes: () => [
      {
        name: 'node-1',
        cluster: 'default',
        internalIp: '192.0.2.1',
        routerIp: '10.0.1.1',
        podCidrs: ['10.0.1.0/24'],
        encryptKey: 0,
        labels: {},
      },
    ],
    ipcache: () => [
      { cidr: '0.0.0.0/0', identity: 2, tunnelEndpoint: '', encryptKey: 0 },
      { cidr: '10.0.2.9/32', identity: 301, tunnelEndpoint: '192.0.2.2', encryptKey: 0 },
    ],
    templates: async () => [...sampleTemplates],
    describeTemplate: async (template) => ({ ...template, ...sampleDescription }),
    checkTemplate: async ({ id, namespace, podName }) => ({
      endpointId: id,
      pod: `${namespace}/${podName}`,
      programs: [
        {
          program: 'from_pod',
          outcome: 'same',
          templateTag: '0011223344556677',
          running: { id: 71, tag: '0011223344556677' },
        },
      ],
    }),
    datapathMetrics: () => [{ reason: 'Policy denied', direction: 'ingress', packets: 3, bytes: 180 }],
    metrics: async () => '# TYPE cilium_endpoint_count gauge\ncilium_endpoint_count 1\n',
    monitor: () => ({ [Symbol.dispose]: () => {} }),
    ...changes,
    cni: {
      add: async () => ({
        ip: '10.0.1.7',
        gateway: '10.0.1.1',
        hostIfName: 'lxc7',
        hostMac: '02:00:00:00:01:07',
        podMac: '02:00:00:00:00:07',
        mtu: 1450,
        routes: [{ destination: '10.0.1.1/32' }, { destination: '0.0.0.0/0', gateway: '10.0.1.1' }],
      }),
      del: async () => {},
      check: async () => {},
      gc: async () => {},
      status: async () => {},
      ...changes.cni,
    },
  }
}

/** A served API in a directory of its own, and what it logged and observed. */
export type TestApi = AsyncDisposable & {
  socketPath: string
  logged: LogEvent[]
  observed: AgentApiEvent[]
  api: AgentApi
}

export async function startTestApi(
  handlers: AgentHandlers,
  options: Partial<AgentApiOptions> = {},
): Promise<TestApi> {
  const directory = mkdtempSync(join(tmpdir(), 'axo-api-'))
  const socketPath = join(directory, 'run', 'agent.sock')
  const logged: LogEvent[] = []
  const observed: AgentApiEvent[] = []
  const api = await startAgentApi({
    socketPath,
    handlers,
    log: createLogger({ sink: (event) => logged.push(event), level: 'debug' }),
    signal: new AbortController().signal,
    observe: (event) => observed.push(event),
    ...options,
  })
  return {
    socketPath,
    logged,
    observed,
    api,
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true })
    },
  }
}
