import { describe, expect, expectTypeOf, it } from 'vitest'
import { OptionsError } from './errors.ts'
import { boolean, cidr, cidrList, duration, integer, ip, list, oneOf, path, string } from './kinds.ts'
import { defineOptions } from './option.ts'
import { type OptionSources, parseOptions, wantsHelp } from './parse.ts'

const options = defineOptions({
  'ipam-mode': oneOf(['cluster-pool', 'kubernetes'], {
    default: 'cluster-pool',
    help: 'who owns pod ranges',
  }),
  'api-port': integer({ default: 8080, min: 1, max: 65_535, help: 'port' }),
  'enable-masquerade': boolean({ default: true, help: 'masquerade' }),
  'sync-interval': duration({ default: 300_000, minMs: 1000, help: 'period' }),
  devices: list({ default: [], help: 'devices' }),
  'pod-cidr': cidr({ default: '', help: 'pods' }),
  'cluster-pools': cidrList({ default: ['10.0.0.0/8'], help: 'pools' }),
  'node-ip': ip({ default: '', help: 'address' }),
  'state-dir': path({ default: '/var/run/axoneme', help: 'state' }),
  'cluster-name': string({ default: 'default', pattern: /^[a-z0-9-]{1,32}$/, help: 'cluster' }),
})

const parse = (sources: OptionSources) => parseOptions(options, sources).config

function problemsOf(sources: OptionSources & { ignored?: string[] }) {
  try {
    parseOptions(options, sources)
  } catch (error) {
    if (error instanceof OptionsError) return error.problems
    throw error
  }
  return []
}

describe('parseOptions', () => {
  it('gives typed, frozen defaults', () => {
    const config = parse({})
    expect(config).toEqual({
      ipamMode: 'cluster-pool',
      apiPort: 8080,
      enableMasquerade: true,
      syncInterval: 300_000,
      devices: [],
      podCidr: '',
      clusterPools: ['10.0.0.0/8'],
      nodeIp: '',
      stateDir: '/var/run/axoneme',
      clusterName: 'default',
    })
    expect(Object.isFrozen(config)).toBe(true)
    expectTypeOf(config.ipamMode).toEqualTypeOf<'cluster-pool' | 'kubernetes'>()
    expectTypeOf(config.devices).toEqualTypeOf<readonly string[]>()
    expectTypeOf(config.apiPort).toEqualTypeOf<number>()
  })

  it('takes flags before environment before files', () => {
    const files = { 'api-port': '1\n', 'ipam-mode': 'kubernetes\n', devices: 'eth0' }
    const environment = { AXO_API_PORT: '2', AXO_IPAM_MODE: 'cluster-pool', HOME: '/root' }
    expect(parse({ files, environment, argv: ['--api-port', '3'] })).toMatchObject({
      apiPort: 3,
      ipamMode: 'cluster-pool',
      devices: ['eth0'],
    })
  })

  it.each([
    { argv: ['--api-port=5'], want: { apiPort: 5 } },
    { argv: ['--api-port', '5', '--api-port', '6'], want: { apiPort: 6 } },
    { argv: ['--no-enable-masquerade'], want: { enableMasquerade: false } },
    { argv: ['--enable-masquerade=false'], want: { enableMasquerade: false } },
    { argv: ['--enable-masquerade'], want: { enableMasquerade: true } },
    { argv: ['--sync-interval=1m30s'], want: { syncInterval: 90_000 } },
    { argv: ['--devices=a,b', '--devices', 'c'], want: { devices: ['a', 'b', 'c'] } },
    { argv: ['--pod-cidr', 'fd00::/64'], want: { podCidr: 'fd00::/64' } },
    { argv: ['--node-ip='], want: { nodeIp: '' } },
  ])('reads $argv', ({ argv, want }) => {
    expect(parse({ argv })).toMatchObject(want)
  })

  it.each([
    { argv: ['--ipam-mod', 'x'], given: '--ipam-mod', hint: 'did you mean --ipam-mode?' },
    { argv: ['--zzzzzz'], given: '--zzzzzz', hint: undefined },
    { argv: ['-x'], given: '-x', hint: undefined },
    { argv: ['--constructor=1'], given: '--constructor', hint: undefined },
    { argv: ['--no-api-port'], given: '--no-api-port', hint: 'did you mean --api-port?' },
  ])('refuses unknown flag $argv', ({ argv, given, hint }) => {
    expect(problemsOf({ argv })).toEqual([
      { given, message: 'unknown option', ...(hint === undefined ? {} : { hint }) },
    ])
  })

  it.each([
    { argv: ['--ipam-mode=x'], message: '"x" must be one of cluster-pool, kubernetes' },
    { argv: ['--api-port=0'], message: '"0" must be at least 1' },
    { argv: ['--api-port=65536'], message: '"65536" must be at most 65535' },
    { argv: ['--api-port=1e3'], message: '"1e3" must be an integer' },
    { argv: ['--enable-masquerade=yes'], message: '"yes" must be true or false' },
    { argv: ['--sync-interval=5'], message: '"5" must be a duration such as 250ms, 30s, 1m30s or 12h' },
    { argv: ['--sync-interval=5ms'], message: '"5ms" must be at least 1s' },
    { argv: ['--pod-cidr=10.0.0.0/33'], message: '"10.0.0.0/33" must be an IP prefix such as 10.0.0.0/8' },
    {
      argv: ['--cluster-pools=10.0.0.0/8,x'],
      message: '"10.0.0.0/8,x" x is not an IP prefix such as 10.0.0.0/8',
    },
    { argv: ['--node-ip=10.0.0.256'], message: '"10.0.0.256" must be an IP address' },
    { argv: ['--state-dir=tmp'], message: '"tmp" must be an absolute path' },
    { argv: ['--cluster-name=A'], message: '"A" must match /^[a-z0-9-]{1,32}$/' },
    { argv: ['--api-port'], message: 'needs a value' },
    { argv: ['--no-enable-masquerade=true'], message: 'takes no value' },
    { argv: ['extra'], message: 'unexpected argument' },
  ])('refuses $argv', ({ argv, message }) => {
    expect(problemsOf({ argv }).map((problem) => problem.message)).toEqual([message])
  })

  it('names every problem of every source in one error', () => {
    const problems = problemsOf({
      files: { 'ipam-mdoe': 'x', 'operator-only': '1' },
      environment: { AXO_APIPORT: '1', AXO_OPERATOR_ONLY: '1' },
      argv: ['--api-port=x'],
      ignored: ['operator-only'],
    })
    expect(problems.map((problem) => [problem.given, problem.hint])).toEqual([
      ['file ipam-mdoe', 'did you mean ipam-mode?'],
      ['AXO_APIPORT', 'did you mean AXO_API_PORT?'],
      ['--api-port', undefined],
    ])
  })

  it('lets the variables that the kubelet makes for a service of our name pass', () => {
    const environment = {
      AXO_OPERATOR_SERVICE_HOST: '10.96.0.7',
      AXO_OPERATOR_SERVICE_PORT_METRICS: '9090',
      AXO_OPERATOR_PORT: 'tcp://10.96.0.7:9090',
      AXO_OPERATOR_PORT_9090_TCP_ADDR: '10.96.0.7',
    }
    expect(problemsOf({ environment })).toEqual([])
    expect(problemsOf({ environment: { AXO_OPERATOR_PORT: '9090' } })).toHaveLength(1)
  })

  it('asks for an option that has no default', () => {
    const required = defineOptions({ 'node-name': string({ help: 'this node' }) })
    expect(() => parseOptions(required, {})).toThrow(/--node-name: must be given/)
    expect(parseOptions(required, { environment: { AXO_NODE_NAME: 'a' } }).config.nodeName).toBe('a')
  })

  it('keeps positionals where they are allowed', () => {
    const argv = ['up', '--api-port', '1', '--', '--raw']
    expect(parseOptions(options, { argv, positionals: 'allow' }).positionals).toEqual(['up', '--raw'])
  })

  it('sees a request for help only before --', () => {
    expect(wantsHelp(['--bad', '--help'])).toBe(true)
    expect(wantsHelp(['exec', '--', '--help'])).toBe(false)
  })

  it('refuses a declaration with a bad name', () => {
    expect(() => defineOptions({ apiPort: integer({ default: 1, help: '' }) })).toThrow(TypeError)
    expect(() => defineOptions({ 'no-x': boolean({ default: true, help: '' }) })).toThrow(TypeError)
  })
})
