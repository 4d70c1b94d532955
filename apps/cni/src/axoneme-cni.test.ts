import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CniError, queuedDeletes } from '@axoneme/agent-api'
import { sampleHandlers, startTestApi } from '@axoneme/agent-api/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'axo-cni-'))
const executable = join(directory, 'axoneme-cni')
beforeAll(() => {
  execFileSync('sh', [fileURLToPath(new URL('../build.sh', import.meta.url)), executable])
})
afterAll(() => rmSync(directory, { recursive: true }))

const add = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'abc123',
  CNI_NETNS: '/run/netns/abc',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0',
  CNI_PATH: '/opt/cni/bin',
}
const config = JSON.stringify({ cniVersion: '1.0.0', name: 'axoneme' })
const nowhere = { AXO_AGENT_SOCKET: join(directory, 'run', 'agent.sock') }

type Outcome = { code: number | null; stdout: string; stderr: string }

async function run(
  env: Record<string, string | undefined>,
  stdin: string | Buffer | null = config,
): Promise<Outcome> {
  const child = spawn(executable, { env: env as NodeJS.ProcessEnv, stdio: 'pipe' })
  // An executable that refuses early does not read everything.
  child.stdin.on('error', () => {})
  if (stdin !== null) child.stdin.end(stdin)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, stdout, stderr }
}

const errorOf = (outcome: Outcome) => {
  expect(outcome).toMatchObject({ code: 1, stderr: '' })
  return JSON.parse(outcome.stdout)
}

describe('VERSION', () => {
  it.each([
    ['the version of the configuration', config, '1.0.0'],
    ['the newest without one', '', '1.1.0'],
    ['the newest for a strange one', '{"cniVersion":"1.0\\"x"}', '1.1.0'],
    ['the newest for a number', '{"cniVersion":1}', '1.1.0'],
    [
      'its own key only',
      '{"prevResult":{"cniVersion":"0.1.0"},"a":["cniVersion"],"cniVersion" : "0.4.0"}',
      '0.4.0',
    ],
    ['no text of it', '{"name":"\\"cniVersion\\":\\"0.1.0\\""}', '1.1.0'],
    ['the newest for a broken string', '{"cniVersion', '1.1.0'],
    ['the newest for a broken escape', '{"cniVersion\\', '1.1.0'],
    ['the newest for an endless one', `{"cniVersion":"${'1'.repeat(99)}"}`, '1.1.0'],
  ])('echoes %s, without an agent', async (_, stdin, cniVersion) => {
    const outcome = await run({ CNI_COMMAND: 'VERSION', ...nowhere }, stdin)
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(outcome.stdout)).toEqual({
      cniVersion,
      supportedVersions: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    })
  })
})

describe('with an agent', () => {
  it('prints the result of an ADD', async () => {
    const requests: unknown[] = []
    const handlers = sampleHandlers()
    await using api = await startTestApi({
      ...handlers,
      cni: {
        ...handlers.cni,
        add: (request, signal) => {
          requests.push(request)
          return handlers.cni.add(request, signal)
        },
      },
    })
    const outcome = await run({ ...add, AXO_AGENT_SOCKET: api.socketPath })
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      cniVersion: '1.0.0',
      interfaces: [{ name: 'lxc7' }, { name: 'eth0', sandbox: '/run/netns/abc' }],
    })
    expect(requests).toMatchObject([
      {
        command: 'ADD',
        containerId: 'abc123',
        ifName: 'eth0',
        netnsPath: '/run/netns/abc',
        args: { K8S_POD_NAMESPACE: 'shop', K8S_POD_NAME: 'cart-0' },
      },
    ])
  })

  it('prints nothing for a DEL', async () => {
    await using api = await startTestApi(sampleHandlers())
    const outcome = await run({ ...add, CNI_COMMAND: 'DEL', CNI_NETNS: '', AXO_AGENT_SOCKET: api.socketPath })
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('prints the agent’s error and fails', async () => {
    const failing = async () => Promise.reject(new CniError(3, 'find "container"\nabc'))
    await using api = await startTestApi(sampleHandlers({ cni: { del: failing } }))
    const outcome = await run({ ...add, CNI_COMMAND: 'DEL', AXO_AGENT_SOCKET: api.socketPath })
    expect(errorOf(outcome)).toMatchObject({ cniVersion: '1.0.0', code: 3, msg: 'find "container"\nabc' })
  })

  it('carries a configuration of 1 MiB, and not one byte more', async () => {
    await using api = await startTestApi(sampleHandlers())
    const env = { ...add, AXO_AGENT_SOCKET: api.socketPath }
    const largest = config.slice(0, -1).padEnd((1 << 20) - 1) + config.slice(-1)
    expect(await run(env, largest)).toMatchObject({ code: 0 })
    expect(errorOf(await run(env, ` ${largest}`))).toMatchObject({
      code: 5,
      msg: expect.stringContaining('stdin'),
    })
  })
})

describe('without an agent', () => {
  it.each([
    ['ADD', 11],
    ['CHECK', 11],
    ['GC', 11],
    ['STATUS', 50],
  ])('%s is error %d, which names the socket', async (command, code) => {
    const error = errorOf(await run({ ...add, ...nowhere, CNI_COMMAND: command }))
    expect(error).toMatchObject({
      cniVersion: '1.0.0',
      code,
      msg: expect.stringContaining(nowhere.AXO_AGENT_SOCKET),
    })
    expect(existsSync(join(directory, 'run'))).toBe(false)
  })

  it('leaves a DEL for later, once', async () => {
    const env = { ...add, ...nowhere, CNI_COMMAND: 'DEL' }
    expect(await run(env)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await run(env)).toEqual({ code: 0, stdout: '', stderr: '' })
    const queue = join(directory, 'run', 'deletes')
    expect(statSync(queue).mode & 0o777).toBe(0o700)
    expect(readdirSync(queue)).toEqual(['abc123.eth0.json'])
    expect(statSync(join(queue, 'abc123.eth0.json')).mode & 0o777).toBe(0o600)
    const queued = queuedDeletes(nowhere.AXO_AGENT_SOCKET, (problem) => {
      throw problem
    })
    expect(queued).toMatchObject([
      { attachment: { containerId: 'abc123', ifName: 'eth0' }, netnsPath: '/run/netns/abc' },
    ])
    rmSync(join(directory, 'run'), { recursive: true })
  })

  it('fails a DEL that it can neither deliver nor keep', async () => {
    const env = { ...add, CNI_COMMAND: 'DEL', AXO_AGENT_SOCKET: '/proc/nowhere/agent.sock' }
    expect(errorOf(await run(env))).toMatchObject({
      code: 11,
      msg: expect.stringContaining('queue the deletion'),
    })
  })

  it('refuses a socket path that is too long', async () => {
    const AXO_AGENT_SOCKET = `/tmp/${'x'.repeat(200)}`
    expect(errorOf(await run({ ...add, AXO_AGENT_SOCKET }))).toMatchObject({ code: 11 })
  })
})

describe('a strange agent', () => {
  /** Something that listens, and what it does with a connection. */
  async function withPeer(
    serve: (socket: Socket, server: Server) => void,
    use: (path: string) => Promise<void>,
  ) {
    const home = mkdtempSync(join(directory, 'peer-'))
    const path = join(home, 'agent.sock')
    const server = createServer((socket) => {
      socket.on('error', () => {})
      serve(socket, server)
    })
    server.listen(path)
    await once(server, 'listening')
    try {
      await use(path)
    } finally {
      server.close()
    }
  }
  const onRequest = (socket: Socket, act: () => void) => socket.once('data', act)

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 'gave no answer'],
    ['no head', 'HTTP/1.1 200 OK\r\n', 'gave no answer'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\n{}', 'gave no answer'],
    ['less than it said', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"ips"', 'gave no answer'],
    ['more than it said', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"ips"', 'gave no answer'],
    ['another error', 'HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\n\r\n', 'HTTP 431'],
    ['a zero byte', 'HTTP/1.1\0 200 OK\r\n\r\n', 'gave no answer'],
    ['megabytes', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(3 << 20)}`, 'gave no answer'],
  ])('that answers %s is told as error 11', async (_, answer, message) => {
    const serve = (socket: Socket) => onRequest(socket, () => socket.end(answer))
    await withPeer(serve, async (path) => {
      const error = errorOf(await run({ ...add, AXO_AGENT_SOCKET: path }))
      expect(error).toMatchObject({ code: 11, msg: expect.stringContaining(message) })
    })
  })

  it.each([
    ['in one piece', ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}']],
    ['piece by piece', ['HTTP/1.1 200 OK\r\nContent-', 'Length: 2\r\n\r', '\n{', '}']],
    ['without a body', ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']],
  ])('that answers %s and never hangs up has answered', async (_, pieces) => {
    const sockets: Socket[] = []
    const serve = (socket: Socket) => {
      sockets.push(socket.setNoDelay())
      onRequest(socket, async () => {
        for (const piece of pieces) {
          socket.write(piece)
          await setTimeout(10)
        }
      })
    }
    await withPeer(serve, async (path) => {
      const outcome = await run({ ...add, AXO_AGENT_SOCKET: path, AXO_CNI_TIMEOUT_MS: '5000' })
      expect(outcome).toEqual({ code: 0, stderr: '', stdout: pieces.join('').split('\r\n\r\n')[1] })
      for (const socket of sockets) socket.destroy()
    })
  })

  it('that hangs up is no agent: a DEL is queued', async () => {
    const serve = (socket: Socket) => onRequest(socket, () => socket.destroy())
    await withPeer(serve, async (path) => {
      const env = { ...add, AXO_AGENT_SOCKET: path }
      expect(errorOf(await run(env))).toMatchObject({ code: 11, msg: expect.stringContaining(path) })
      expect(await run({ ...env, CNI_COMMAND: 'DEL' })).toMatchObject({ code: 0 })
      expect(queuedDeletes(path, () => {})).toHaveLength(1)
    })
  })

  it('that comes back while a DEL is queued gets it at once', async () => {
    let connections = 0
    const serve = (socket: Socket) =>
      onRequest(socket, () => {
        if (connections++ === 0) socket.destroy()
        else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
    await withPeer(serve, async (path) => {
      expect(await run({ ...add, CNI_COMMAND: 'DEL', AXO_AGENT_SOCKET: path })).toMatchObject({ code: 0 })
      expect(connections).toBe(2)
      expect(queuedDeletes(path, () => {})).toHaveLength(0)
    })
  })

  it.each(['ADD', 'DEL'])('that never answers an %s ends with the time limit', async (CNI_COMMAND) => {
    const env = { ...add, CNI_COMMAND, AXO_CNI_TIMEOUT_MS: '100' }
    const sockets: Socket[] = []
    await withPeer(
      (socket) => sockets.push(socket),
      async (path) => {
        const error = errorOf(await run({ ...env, AXO_AGENT_SOCKET: path }))
        expect(error).toMatchObject({ code: 11, msg: expect.stringContaining('in time') })
        for (const socket of sockets) socket.destroy()
      },
    )
  })

  it('is not waited for when the runtime never ends its input', async () => {
    const outcome = await run({ ...add, ...nowhere, AXO_CNI_TIMEOUT_MS: '100' }, null)
    expect(errorOf(outcome)).toMatchObject({ code: 5, msg: expect.stringContaining('time limit') })
  })
})

describe('the environment', () => {
  it.each([
    ['no command', { CNI_COMMAND: undefined }, 'CNI_COMMAND'],
    ['an unknown command', { CNI_COMMAND: 'UPDATE' }, 'CNI_COMMAND'],
    ['a command in small letters', { CNI_COMMAND: 'add' }, 'CNI_COMMAND'],
    ['no container', { CNI_CONTAINERID: undefined }, 'CNI_CONTAINERID'],
    ['a container that is a path', { CNI_CONTAINERID: '../../etc' }, 'CNI_CONTAINERID'],
    ['a hidden container', { CNI_CONTAINERID: '.x' }, 'CNI_CONTAINERID'],
    ['a long container', { CNI_CONTAINERID: 'x'.repeat(221) }, 'CNI_CONTAINERID'],
    ['no interface', { CNI_IFNAME: '' }, 'CNI_IFNAME'],
    ['an interface that is a path', { CNI_IFNAME: '../eth0' }, 'CNI_IFNAME'],
    ['a long interface', { CNI_IFNAME: 'x'.repeat(16) }, 'CNI_IFNAME'],
    ['no namespace', { CNI_NETNS: undefined }, 'CNI_NETNS'],
    ['a long namespace', { CNI_NETNS: `/${'x'.repeat(5000)}` }, 'CNI_NETNS'],
    ['a header in the arguments', { CNI_ARGS: 'a=b\r\nX-CNI-Command: DEL' }, 'CNI_ARGS'],
    ['a tab in the path', { CNI_PATH: '/opt\t/bin' }, 'CNI_PATH'],
    ['letters beyond ASCII', { CNI_NETNS: '/run/nétns' }, 'CNI_NETNS'],
    ['endless arguments', { CNI_ARGS: 'x'.repeat(20_000) }, 'CNI_ARGS'],
  ])('with %s is error 4', async (_, changed, variable) => {
    const error = errorOf(await run({ ...add, ...nowhere, ...changed }))
    expect(error).toMatchObject({ cniVersion: '1.0.0', code: 4, msg: expect.stringContaining(variable) })
  })

  it('of any kind is answered with JSON, and never ends in a crash', async () => {
    const variable = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replaceAll('\0', '')),
      fc.constantFrom('ADD', 'CHECK', 'STATUS', 'eth0', '/run/netns/x', 'abc'),
    )
    const env = fc.record({
      CNI_COMMAND: variable,
      CNI_CONTAINERID: variable,
      CNI_NETNS: variable,
      CNI_IFNAME: variable,
      CNI_ARGS: variable,
      AXO_CNI_TIMEOUT_MS: variable,
    })
    const stdin = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(`{"cniVersion":${json}}`)),
    )
    await fc.assert(
      fc.asyncProperty(env, stdin, async (variables, input) => {
        const outcome = await run({ ...variables, ...nowhere }, input)
        expect(outcome.stderr).toBe('')
        expect([0, 1]).toContain(outcome.code)
        JSON.parse(outcome.stdout)
      }),
      { numRuns: 150 },
    )
  })
})

it('is linked statically, so that it runs on any host', () => {
  const elf = readFileSync(executable)
  const headers = Number(elf.readBigUInt64LE(32))
  const [size, count] = [elf.readUInt16LE(54), elf.readUInt16LE(56)]
  const types = Array.from({ length: count }, (_, i) => elf.readUInt32LE(headers + i * size))
  const ptLoad = 1
  const ptInterp = 3
  expect(types).toContain(ptLoad)
  expect(types).not.toContain(ptInterp)
})
