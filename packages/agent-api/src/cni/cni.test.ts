import { CodedError } from '@axoneme/lifecycle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleHandlers } from '../testing.ts'
import { CniError } from './error.ts'
import { type CniHandlers, handleCni } from './handle.ts'
import type { CniRequest } from './request.ts'

const never = new AbortController().signal
const headers = {
  'x-cni-command': 'ADD',
  'x-cni-containerid': 'abc123',
  'x-cni-netns': '/run/netns/abc',
  'x-cni-ifname': 'eth0',
  'x-cni-args': 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0;EMPTY=;EQUALS=a=b',
  'x-cni-path': '/opt/cni/bin',
}
const config = { cniVersion: '1.1.0', name: 'axoneme', type: 'axoneme-cni' }

const call = ({
  cni = {},
  body = JSON.stringify(config),
  ...changed
}: Record<string, unknown> & { cni?: Partial<CniHandlers> } = {}) =>
  handleCni(
    sampleHandlers({ cni }).cni,
    { headers: { ...headers, ...(changed as Record<string, string>) }, body: body as string },
    never,
  )

describe('ADD', () => {
  it('gives the handler the request in the words of the specification', async () => {
    let seen: CniRequest | undefined
    await call({
      cni: {
        add: async (request) => {
          seen = request
          throw new Error('enough')
        },
      },
    })
    expect(seen).toEqual({
      command: 'ADD',
      containerId: 'abc123',
      netnsPath: '/run/netns/abc',
      ifName: 'eth0',
      args: {
        IgnoreUnknown: '1',
        K8S_POD_NAMESPACE: 'shop',
        K8S_POD_NAME: 'cart-0',
        EMPTY: '',
        EQUALS: 'a=b',
      },
      config: { cniVersion: '1.1.0', name: 'axoneme', prevResult: undefined, validAttachments: [] },
    })
  })

  it('answers as 1.1.0 has it', async () => {
    expect(await call()).toEqual({
      httpStatus: 200,
      body: {
        cniVersion: '1.1.0',
        interfaces: [
          { name: 'lxc7', mac: '02:00:00:00:01:07', mtu: 1450 },
          { name: 'eth0', mac: '02:00:00:00:00:07', mtu: 1450, sandbox: '/run/netns/abc' },
        ],
        ips: [{ address: '10.0.1.7/32', gateway: '10.0.1.1', interface: 1 }],
        routes: [{ dst: '10.0.1.1/32' }, { dst: '0.0.0.0/0', gw: '10.0.1.1' }],
      },
    })
  })

  it.each([
    ['0.3.1', { ips: [{ version: '4' }] }],
    ['0.4.0', { ips: [{ version: '4' }] }],
    ['1.0.0', { ips: [expect.not.objectContaining({ version: '4' })] }],
  ])('answers as %s has it', async (cniVersion, expected) => {
    const { body } = await call({ body: JSON.stringify({ ...config, cniVersion }) })
    expect(body).toMatchObject({ cniVersion, ...expected })
    expect(JSON.stringify(body)).not.toContain('mtu')
  })

  it('keeps what the plugins before it made', async () => {
    const prevResult = {
      interfaces: [{ name: 'lo' }],
      ips: [{ address: '127.0.0.1/8', interface: 0 }],
      routes: [{ dst: '192.0.2.0/24' }],
      dns: { nameservers: ['192.0.2.53'] },
    }
    const { body } = await call({ body: JSON.stringify({ ...config, prevResult }) })
    expect(body).toMatchObject({
      interfaces: [{ name: 'lo' }, { name: 'lxc7' }, { name: 'eth0' }],
      ips: [prevResult.ips[0], { address: '10.0.1.7/32', interface: 2 }],
      routes: [{ dst: '192.0.2.0/24' }, { dst: '10.0.1.1/32' }, { dst: '0.0.0.0/0' }],
      dns: prevResult.dns,
    })
  })
})

describe('other commands', () => {
  it.each(['DEL', 'STATUS', 'GC'])('%s prints nothing', async (command) => {
    expect(await call({ 'x-cni-command': command })).toEqual({ httpStatus: 200, body: undefined })
  })

  it('DEL needs no namespace', async () => {
    expect(await call({ 'x-cni-command': 'DEL', 'x-cni-netns': '' })).toMatchObject({ httpStatus: 200 })
  })

  it('GC passes on what is still valid', async () => {
    let seen: unknown
    const valid = [{ containerID: 'a', ifname: 'eth0' }]
    await call({
      'x-cni-command': 'GC',
      'x-cni-containerid': '',
      'x-cni-netns': '',
      'x-cni-ifname': '',
      body: JSON.stringify({ ...config, 'cni.dev/valid-attachments': valid }),
      cni: {
        gc: async (attachments) => {
          seen = attachments
        },
      },
    })
    expect(seen).toEqual([{ containerId: 'a', ifName: 'eth0' }])
  })

  it('CHECK gets the previous result', async () => {
    let seen: unknown
    const prevResult = { ips: [{ address: '10.0.1.7/32' }] }
    const reply = await call({
      'x-cni-command': 'CHECK',
      body: JSON.stringify({ ...config, prevResult }),
      cni: {
        check: async (request) => {
          seen = request.config.prevResult
        },
      },
    })
    expect(reply).toEqual({ httpStatus: 200, body: undefined })
    expect(seen).toEqual(prevResult)
  })
})

describe('what is wrong, in the codes of the specification', () => {
  const json = (changed: object) => JSON.stringify({ ...config, ...changed })
  it.each([
    ['no command', { 'x-cni-command': undefined }, 4, 'CNI_COMMAND'],
    ['an unknown command', { 'x-cni-command': 'UPDATE' }, 4, 'CNI_COMMAND'],
    ['no container', { 'x-cni-containerid': '' }, 4, 'containerId'],
    ['a container with a slash', { 'x-cni-containerid': '../x' }, 4, 'containerId'],
    ['no namespace', { 'x-cni-netns': '' }, 4, 'netnsPath'],
    ['a relative namespace', { 'x-cni-netns': 'run/x' }, 4, 'netnsPath'],
    ['a long interface name', { 'x-cni-ifname': 'sixteen-letters-' }, 4, 'ifName'],
    ['an interface name that is a directory', { 'x-cni-ifname': '..' }, 4, 'ifName'],
    ['arguments that are no pairs', { 'x-cni-args': 'K8S_POD_NAME' }, 4, 'K8S_POD_NAME'],
    ['no JSON', { body: '{' }, 6, 'decode'],
    ['no configuration', { body: '' }, 6, 'decode'],
    ['JSON that is no object', { body: '[]' }, 7, 'network configuration'],
    ['no version', { body: json({ cniVersion: undefined }) }, 1, 'cniVersion'],
    ['an unknown version', { body: json({ cniVersion: '0.2.0' }) }, 1, 'cniVersion'],
    ['no name', { body: json({ name: undefined }) }, 7, 'name'],
    ['a strange name', { body: json({ name: 'a/b' }) }, 7, 'name'],
    ['a strange previous result', { body: json({ prevResult: { ips: 4 } }) }, 7, 'prevResult.ips'],
    ['CHECK without previous result', { 'x-cni-command': 'CHECK' }, 7, 'prevResult'],
    [
      'CHECK before 0.4.0',
      { 'x-cni-command': 'CHECK', body: json({ cniVersion: '0.3.1' }) },
      1,
      'CHECK needs',
    ],
    ['GC before 1.1.0', { 'x-cni-command': 'GC', body: json({ cniVersion: '1.0.0' }) }, 1, 'GC needs'],
  ])('%s', async (_, changed, code, mentions) => {
    const { httpStatus, body } = await call(changed)
    expect(httpStatus).toBe(400)
    expect(body).toMatchObject({ code, msg: expect.stringContaining(mentions) })
  })

  it.each([
    ['a CNI error', new CniError(3, 'find container', { hint: 'look again' }), 3, 400, 'look again'],
    ['something that a retry may mend', new CodedError('X', 'try', { retryable: true }), 11, 503, ''],
    ['not available', new CniError(50, 'serve'), 50, 503, ''],
    ['a bug', new TypeError('undefined is not'), 999, 500, ''],
  ])('%s of the handler', async (_, error, code, httpStatus, details) => {
    const reply = await call({ cni: { add: async () => Promise.reject(error) } })
    expect(reply).toMatchObject({
      httpStatus,
      body: { cniVersion: '1.1.0', code, msg: error.message, details },
    })
  })

  it('tells the causes', async () => {
    const error = new CniError(11, 'add endpoint', { cause: new Error('etcd is away') })
    const { body } = await call({ cni: { add: async () => Promise.reject(error) } })
    expect(body).toMatchObject({ msg: 'add endpoint: etcd is away' })
  })
})

it('answers any input with a CNI result or a CNI error', async () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('ADD', 'DEL', 'CHECK', 'eth0', '/x', 'a=b', ''))
  const body = fc.oneof(
    fc.json(),
    fc
      .record({ cniVersion: value, name: value, prevResult: fc.jsonValue() })
      .map((json) => JSON.stringify(json)),
    fc.constant(JSON.stringify(config)),
  )
  const input = fc.tuple(value, value, value, value, value, body)
  await fc.assert(
    fc.asyncProperty(input, async ([command, containerId, netns, ifName, args, text]) => {
      const reply = await call({
        'x-cni-command': command,
        'x-cni-containerid': containerId,
        'x-cni-netns': netns,
        'x-cni-ifname': ifName,
        'x-cni-args': args,
        body: text,
      })
      if (reply.httpStatus !== 200) expect(reply.body).toMatchObject({ code: expect.any(Number) })
      expect([200, 400]).toContain(reply.httpStatus)
    }),
    { numRuns: 500 },
  )
})
