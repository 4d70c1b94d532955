import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { TemplateCheck } from '@axoneme/agent-api'
import { sampleHandlers, startTestApi } from '@axoneme/agent-api/testing'
import { CodedError } from '@axoneme/lifecycle'
import { describe, expect, it } from 'vitest'
import { formatAge } from './age.ts'
import { runCli } from './cli.ts'
import { formatUsers } from './commands/bpf-template-list.ts'
import { commands } from './commands/index.ts'
import { parseMetrics } from './commands/metrics.ts'
import { formatRecord } from './commands/monitor.ts'
import { formatPorts } from './commands/policy-get.ts'
import { formatAttachments, formatKernel } from './commands/status.ts'
import { usageOf } from './help.ts'
import { formatTable } from './print.ts'

type Handlers = Parameters<typeof sampleHandlers>[0]

async function axo(line: string, { handlers = {} }: { handlers?: Handlers } = {}) {
  await using api = await startTestApi(sampleHandlers(handlers))
  let stdout = ''
  let stderr = ''
  const code = await runCli(
    line.split(' ').filter((word) => word !== ''),
    {
      env: { AXO_AGENT_SOCKET: api.socketPath },
      nowMs: Date.parse('2026-11-22T21:05:00.000Z'),
      signal: new AbortController().signal,
      stdout: (more) => (stdout += more),
      stderr: (more) => (stderr += more),
    },
  )
  return { code, stdout, stderr }
}

const feature = {
  name: 'map_x',
  title: 'BPF maps of type x',
  since: '5.8',
  usedFor: 'tests',
  present: false,
  required: false,
}

describe('text', () => {
  it('of status', async () => {
    expect(await axo('status')).toEqual({
      code: 0,
      stderr: '',
      stdout: `Ready:      yes
Node:       node-1
Cluster:    default
Routing:    native
Pod CIDRs:  10.0.1.0/24
Kernel:     6.1.0-42-amd64: tcx missing (Linux 6.6 has it), clsact instead
Attached:   pods, eth0 by clsact
Started:    2026-11-22T21:00:00.000Z
Version:    0.1.0

Component  State  Message
kvstore    ok     connected

etcd                   State    Role    Version  Since  Asked  Message
http://10.0.0.11:2379  ok       leader  3.5.1    1h     30s
http://10.0.0.12:2379  down     -       -        4m     30s    connect ECONNREFUSED 10.0.0.12:2379
http://10.0.0.13:2379  unknown  -       -        -      -

Table      Rows
endpoints     1
`,
    })
  })

  it('of endpoints of etcd that say what they like', async () => {
    const hostile = {
      endpoint: 'http://a:1',
      state: 'degraded',
      role: 'follower',
      version: '3\x1b[2J',
    } as const
    const kvstoreEndpoints = [{ ...hostile, detail: 'a\nb', since: '2030-01-01T00:00:00.000Z' }]
    const status = () => ({ ...sampleHandlers().status(), kvstoreEndpoints })
    const { code, stdout } = await axo('status', { handlers: { status } })
    expect(code).toBe(0)
    expect(stdout).toContain('http://a:1  degraded  follower  3\\x1b[2J  0s     -      a\\x0ab\n')
    const none = await axo('status', { handlers: { status: () => ({ ...status(), kvstoreEndpoints: [] }) } })
    expect(none.stdout).not.toContain('etcd')
    const json = JSON.parse((await axo('status -o json', { handlers: { status } })).stdout)
    expect(json.kvstoreEndpoints).toEqual(kvstoreEndpoints)
  })

  it('of status with everything that the kernel has', async () => {
    const { code, stdout } = await axo('status --verbose')
    expect(code).toBe(0)
    expect(stdout).toContain(`
Kernel feature  Linux  Present  Need      For
map_ringbuf     5.8    yes      required  events of the datapath
tcx             6.6    no       optional  attaching programs
`)
    expect((await axo('status -v')).stdout).toBe(stdout)
  })

  it('of status with everything that is done again and again', async () => {
    const { code, stdout } = await axo('status --intervals')
    expect(code).toBe(0)
    expect(stdout).toContain(`Agent:
Name            Base   Growth        At most  Jitter        Now     To
kvstore-resync  5m     cluster-size  -        ±20 %         42m35s  compare own keys with the kvstore
bootstrap-step  500ms  exponential   30s      decorrelated  500ms   try a step of the start again that failed
`)
    expect(stdout).toContain(`
Operator operator-1, as it said 42s ago:
Name         Base   Growth  At most  Jitter  Now    To
identity-gc  1m30s  none    -        ±20 %   1m30s  collect identities (option identity-gc-interval)
`)
    const data = JSON.parse((await axo('status --intervals -o json')).stdout)
    expect(data.agent[0]).toMatchObject({ name: 'kvstore-resync', baseMs: 300_000, currentMs: 2_555_000 })
    expect(data.operator).toMatchObject([{ name: 'identity-gc', baseMs: 90_000 }])
    expect(data.operatorSource).toEqual({ inEffect: true, by: 'operator-1', at: '2026-11-22T21:04:18.000Z' })
  })

  it.each([
    ['the agent cannot ask', async () => ({ reason: 'the kvstore is away' }), 'the kvstore is away'],
    [
      'the agent gives no answer',
      async () => {
        throw new CodedError('TEST', 'look into it')
      },
      'look into it',
    ],
  ] as const)("of the operator's intervals by default, said to be so, when %s", async (_, told, reason) => {
    const handlers = { operatorIntervals: told }
    const { code, stdout } = await axo('status --intervals', { handlers })
    expect(code).toBe(0)
    expect(stdout).toContain(`\nOperator, by default (what it has in effect is not known: ${reason}):\nName `)
    expect(stdout).toMatch(/^leader-election +2s +none +- +±20 % +2s +look at the lease/m)
    const data = JSON.parse((await axo('status --intervals -o json', { handlers })).stdout)
    expect(data.operatorSource).toEqual({ inEffect: false, reason })
    expect(data.operator).toContainEqual(expect.objectContaining({ name: 'identity-gc', baseMs: 600_000 }))
  })

  it.each([
    { kernel: { release: '6.18.1', features: [] }, shown: '6.18.1: not asked yet what it has' },
    {
      kernel: { release: '6.18.1', features: [{ ...feature, present: true }] },
      shown: '6.18.1: all features',
    },
    {
      kernel: { release: '5.4.0', features: [{ ...feature, required: true }] },
      shown: '5.4.0: map_x missing (Linux 5.8 has it), required',
    },
    {
      kernel: { release: '6.18.1', features: [{ ...feature, without: 'map_y' }] },
      shown: '6.18.1: map_x missing (Linux 5.8 has it), map_y instead',
    },
  ])('of a kernel: $shown', ({ kernel, shown }) => {
    expect(formatKernel(kernel)).toBe(shown)
  })

  it.each([
    { attachments: [], shown: 'nothing yet' },
    {
      attachments: [
        { place: 'pods', by: 'clsact' },
        { place: 'eth0', by: 'tcx' },
        { place: 'axo_vxlan', by: 'tcx' },
      ] as const,
      shown: 'pods by clsact; eth0, axo_vxlan by tcx',
    },
  ])('of attachments: $shown', ({ attachments, shown }) => {
    expect(formatAttachments(attachments)).toBe(shown)
  })

  it('of an agent that is not ready, and the exit status', async () => {
    const status = () => ({
      ...sampleHandlers().status(),
      ready: false,
      step: 'kvstore',
      detail: 'etcd is away',
    })
    const { code, stdout, stderr } = await axo('status', { handlers: { status } })
    expect(stdout).toContain('no, at step kvstore: etcd is away')
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const json = await axo('status -o json', { handlers: { status } })
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ ready: false })
  })

  it.each([
    ['endpoint list', '7  shop/cart-0  10.0.1.7       300  ready  k8s:app=cart'],
    ['endpoint get 7', 'Interface:       eth0 (02:00:00:00:00:07) in /run/netns/c7'],
    ['endpoint get shop/cart-0', 'Endpoint:        7'],
    ['identity list', '300  k8s:app=cart'],
    ['identity get 300', 'k8s:app:   cart'],
    ['policy get', '7  ingress    301   80/TCP  shop/allow-web'],
    ['policy get shop/cart-0', '7  egress     any   any     not restricted'],
    ['policy why 7 from 301 80', 'Verdict:   allowed'],
    ['policy why shop/cart-0 from 10.0.2.9 81/udp', 'Verdict:   denied'],
    ['service list', '10.96.0.1:80/TCP  http              1  10.0.1.7:8080'],
    ['node list', 'node-1  default  192.0.2.1    10.0.1.1   10.0.1.0/24    0'],
    ['bpf metrics', 'Policy denied  ingress          3    180'],
    ['bpf ipcache', '10.0.2.9/32       301  192.0.2.2          0'],
    ['bpf template', 'routingMode=native                   20000  2d   5m    1 endpoint'],
    ['bpf template list', 'host     routingMode=tunnel traceEveryPacket   9000  21d  20d   -'],
    ['bpf template describe lxc', 'EP_ID    32  host        from_pod'],
    [
      'bpf template describe abc01',
      'axo_policy  lpm_trie         12            8    16384  none    from_pod',
    ],
    ['bpf template describe host', 'Compiled:       21d ago, in 300 ms'],
    ['bpf template verify', '7  shop/cart-0  from_pod  same     0011223344556677  0011223344556677  71'],
    ['bpf template verify shop/cart-0', '7  shop/cart-0  from_pod  same '],
    ['metrics', 'cilium_endpoint_count              1'],
    ['metrics nothing', 'no metric matches nothing'],
  ])('of %s', async (line, expected) => {
    const { code, stdout, stderr } = await axo(line)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain(expected)
  })

  it('of a monitor that ends with the agent', async () => {
    const api = await startTestApi(
      sampleHandlers({
        monitor: (listener) => {
          setImmediate(() => listener({ type: 'drop', reason: 'Policy denied', port: 80 }))
          return { [Symbol.dispose]: () => {} }
        },
      }),
    )
    const lines: string[] = []
    const running = runCli(['monitor', '--socket', api.socketPath], {
      env: {},
      nowMs: 0,
      signal: new AbortController().signal,
      stdout: (line) => lines.push(line),
      stderr: () => {},
    })
    await expect.poll(() => lines).toEqual(['drop reason="Policy denied" port=80\n'])
    await api[Symbol.asyncDispose]()
    expect(await running).toBe(0)
  })

  it('does not let names steer the terminal', () => {
    const table = { columns: ['Name'], cells: [['a\u001b[2Jb\nc']] }
    expect(formatTable(table)).toBe('Name\na\\x1b[2Jb\\x0ac\n')
  })
})

describe('bpf template verify', () => {
  const check = (programs: TemplateCheck['programs'], problem?: string) => ({
    checkTemplate: async () => ({
      endpointId: 7,
      pod: 'shop/cart-0',
      programs,
      ...(problem === undefined ? {} : { problem }),
    }),
  })
  const tag = '0011223344556677'
  const wrong = { id: 71, tag: 'ffff223344556677' }
  const sameProgram = {
    program: 'to_pod',
    outcome: 'same',
    templateTag: tag,
    running: { id: 72, tag },
  } as const

  it.each([
    {
      name: 'is another one',
      handlers: check([
        sameProgram,
        { program: 'from_pod', outcome: 'different', templateTag: tag, running: wrong },
      ]),
      line: `from_pod  DIFFERENT  ${tag}  ffff223344556677  71`,
    },
    {
      name: 'is missing',
      handlers: check([sameProgram, { program: 'from_pod', outcome: 'missing', templateTag: tag }]),
      line: `from_pod  MISSING  ${tag}  -                 -`,
    },
    { name: 'cannot be compared', handlers: check([], 'no link'), line: '7  shop/cart-0  -        no link' },
  ])('exits with 1 and says so when a program $name', async ({ handlers, line }) => {
    const { code, stdout, stderr } = await axo('bpf template verify', { handlers })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toContain(line)
    const json = await axo('bpf template verify -o json', { handlers })
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject([{ endpointId: 7 }])
  })

  it('exits with 0 when there is nothing to compare', async () => {
    const outcome = await axo('bpf template verify', { handlers: { endpoints: () => [] } })
    expect(outcome).toEqual({ code: 0, stderr: '', stdout: 'no pod runs on this node\n' })
  })
})

it.each([
  ['2026-11-22T21:04:18Z', '42s'],
  ['2026-11-22T21:04:00Z', '1m'],
  ['2026-11-22T20:05:01Z', '59m'],
  ['2026-11-21T21:05:01Z', '23h'],
  ['2026-11-21T21:05:00Z', '1d'],
  ['2027-01-01T00:00:00Z', '0s'],
])('the age of what is of %s is %s', (since, age) => {
  expect(formatAge(since, Date.parse('2026-11-22T21:05:00Z'))).toBe(age)
})

it.each([
  [{ running: false, endpoints: [], devices: [] }, '-'],
  [{ running: true, endpoints: [], devices: [] }, 'nothing'],
  [{ running: true, endpoints: [7, 8], devices: [] }, '2 endpoints'],
  [{ running: true, endpoints: [], devices: ['eth0', 'eth1'] }, 'eth0, eth1'],
])('a template with %o runs on %s', (row, text) => {
  expect(formatUsers(row)).toBe(text)
})

describe('JSON', () => {
  it.each(commands.filter(({ name }) => name !== 'monitor').map((command) => command.name))(
    'of %s',
    async (name) => {
      const args: Record<string, string> = {
        'endpoint get': '7',
        'identity get': '300',
        'policy why': '7 from 301 80',
        'bpf template describe': 'lxc',
      }
      const { code, stdout } = await axo(`${name} ${args[name] ?? ''} -o json`)
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toBeTypeOf('object')
    },
  )
})

describe('mistakes', () => {
  it.each([
    ['endpont list', 2, 'no command "endpont list" (did you mean axo endpoint list?)'],
    ['stauts', 2, 'no command "stauts" (did you mean axo status?)'],
    ['frobnicate all', 2, 'axo --help lists the commands'],
    ['endpoint', 2, 'axo endpoint is several commands (one of axo endpoint list, axo endpoint get)'],
    ['endpoint get', 2, 'ENDPOINT is missing (usage: axo endpoint get ENDPOINT)'],
    ['status now', 2, '"now" is too much (usage: axo status [-v] [--intervals])'],
    ['status --sokcet x', 2, "Unknown option '--sokcet' (see axo --help)"],
    ['node list --intervals', 2, 'axo node list takes no --intervals (usage: axo node list)'],
    ['node list -v', 2, 'axo node list takes no --verbose (usage: axo node list)'],
    ['status -o yaml', 2, '--output "yaml" is neither text nor json'],
    ['policy why 7 by 301 80', 2, '"by" is neither from nor to'],
    ['policy why 7 from 301 80/ICMP', 2, '"80/ICMP" is no PORT[/PROTOCOL]'],
    ['policy why 7 from 301 99999', 2, '"99999" is no PORT[/PROTOCOL]'],
    ['metrics (', 2, '"(" is no regular expression'],
    ['endpoint get 8', 1, 'no endpoint "8" (name an endpoint by its id or by namespace/pod'],
    ['identity get 8', 1, 'no identity 8'],
    ['bpf template lst', 2, 'no command "bpf template lst" (did you mean axo bpf template list?)'],
    ['bpf template list now', 2, '"now" is too much (usage: axo bpf template list)'],
    ['bpf template describe', 2, 'HASH|PROGRAM is missing (usage: axo bpf template describe HASH|PROGRAM)'],
    ['bpf template describe lcx', 1, 'no template "lcx" (name a template by its program or the beginning'],
    ['bpf template describe abc', 1, 'no template "abc"'],
    ['bpf template verify 8', 1, 'no endpoint "8" (name an endpoint by its id or by namespace/pod'],
    ['status --socket /nowhere/agent.sock', 1, 'reach the agent at /nowhere/agent.sock'],
  ])('%s', async (line, code, message) => {
    const outcome = await axo(line)
    expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('help', () => {
  it.each(['', '--help', '-h'])('of everything: axo %s', async (line) => {
    const { code, stdout } = await axo(line)
    expect(code).toBe(0)
    for (const command of commands) expect(stdout).toContain(`  ${usageOf(command)}`)
    expect(stdout).toContain('Examples:\n  axo status\n')
  })

  it('of a group and of one command', async () => {
    const group = (await axo('endpoint --help')).stdout
    expect(group).toContain('endpoint get ENDPOINT')
    expect(group).not.toContain('identity')
    const one = (await axo('policy why -h')).stdout
    expect(one).toContain('Usage: axo policy why ENDPOINT from|to PEER PORT[/PROTOCOL] [OPTIONS]')
    expect(one).toContain('  axo policy why 7 to 301 53/UDP\n')
  })

  it('has examples that are commands', () => {
    for (const { name, examples } of commands) {
      for (const example of examples) expect(example.startsWith(`axo ${name}`)).toBe(true)
    }
  })
})

it.each([
  [{ protocol: 0, port: 0, portPrefixLength: 0 }, 'any'],
  [{ protocol: 17, port: 0, portPrefixLength: 0 }, 'any/UDP'],
  [{ protocol: 6, port: 80, portPrefixLength: 16 }, '80/TCP'],
  [{ protocol: 6, port: 8080, portPrefixLength: 13 }, '8080-8087/TCP'],
])('ports %o are written %s', (entry, expected) => {
  expect(formatPorts(entry)).toBe(expected)
})

it('reads the text format of metrics', () => {
  const source = `# HELP a b
# TYPE a counter
a 1
b{x="1",y="a\\"b\\\\c\\nd,e=\\"}"} 2.5e3
c_bucket{le="+Inf"} +Inf 1700000000

nonsense here
`
  expect(parseMetrics(source)).toEqual([
    { name: 'a', labels: {}, value: 1 },
    { name: 'b', labels: { x: '1', y: 'a"b\\c\nd,e="}' }, value: 2500 },
    { name: 'c_bucket', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY },
    { name: 'nonsense', labels: {}, value: Number.NaN },
  ])
})

it.each([
  [
    { type: 'drop', reason: 'Policy denied', port: 80, peer: { id: 3 } },
    'drop reason="Policy denied" port=80 peer={"id":3}',
  ],
  [{ type: 'lost', count: 4 }, 'lost count=4'],
  [{ type: 'drop', port: 80, text: '22:14:16 DROPPED' }, '22:14:16 DROPPED'],
  ['text', 'text'],
])('an event is a line: %o', (record, line) => {
  expect(formatRecord(record)).toBe(line)
})

it('is a program that ends quietly when its reader does', async () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const run = (args: string[]) => spawn(process.execPath, [main, ...args], { stdio: 'pipe' })
  const failing = run(['status', '--socket', '/nowhere/agent.sock'])
  const [stderr, [code]] = await Promise.all([text(failing.stderr), once(failing, 'close')])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^axo: reach the agent .*\n$/) })

  const unread = run(['--help'])
  unread.stdout.destroy()
  const [quiet, [status]] = await Promise.all([text(unread.stderr), once(unread, 'close')])
  expect({ status, quiet }).toEqual({ status: 0, quiet: '' })
})
