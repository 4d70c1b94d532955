import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type GuestOptions, runInGuest } from './guest.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `axo-guest-test-${process.pid}-`))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** A machine that behaves as told, in QEMU's place: what a kernel does on its own cannot be made to happen. */
function machine(script: string): string {
  const path = join(directory, 'qemu')
  const prelude = `
    const socket = process.argv.find((arg) => arg.startsWith('socket,')).replace(/.*path=/, '')
    const exchange = process.argv.find((arg) => arg.includes('mount_tag=exchange')).replace(/.*path=([^,]*),.*/, '$1')
    const output = () => require('node:net').connect(socket)
    const exitCode = (text) => require('node:fs').writeFileSync(exchange + '/exit-code', text)`
  writeFileSync(path, `#!${process.execPath}\n${prelude}\n${script}\n`, { mode: 0o755 })
  return path
}

const seen: string[] = []
function options(script: string, changes: Partial<GuestOptions> = {}): GuestOptions {
  seen.length = 0
  return {
    kernel: '/boot/kernel',
    initramfs: Buffer.from('initramfs'),
    memoryMiB: 64,
    qemu: machine(script),
    command: { args: ['true'], cwd: '/', env: {} },
    exchangeDir: directory,
    bootTimeoutMs: 30_000,
    runTimeoutMs: 30_000,
    onUp: (release) => seen.push(`up ${release}`),
    onOutput: (line) => seen.push(line),
    signal: new AbortController().signal,
    ...changes,
  }
}

const leftOvers = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`axo-kernel-vm-${process.pid}-`))

it('hands over every line and the exit code', async () => {
  const script = `output().end('kernel-vm: up 6.1.0\\nfirst\\r\\nlast', () => exitCode('3\\n'))`
  expect(await runInGuest(options(script))).toBe(3)
  expect(seen).toEqual(['up 6.1.0', 'first', 'last'])
  expect(leftOvers()).toEqual([])
})

it.each([
  {
    name: 'panics while it boots',
    script: `console.log('[ 1.0] Kernel panic - not syncing: no init')`,
    message: /went off before it was up.*\n.*Kernel panic - not syncing: no init/,
  },
  {
    name: 'panics in a test',
    script: `output().end('kernel-vm: up 6.1.0\\n', () => console.log('BUG: in a hook'))`,
    message: /went off before what runs in it ended.*\n.*BUG: in a hook/,
  },
  {
    name: 'does not start',
    script: `console.error('qemu: could not load kernel'); process.exitCode = 1`,
    message: /went off before it was up.*\n.*could not load kernel/,
  },
  {
    name: 'leaves nonsense for an exit code',
    script: `output().end('kernel-vm: up 6.1.0\\n', () => exitCode('-1; rm'))`,
    message: /went off before what runs in it ended/,
  },
])('says what the console said last when the guest $name', async ({ script, message }) => {
  await expect(runInGuest(options(script))).rejects.toMatchObject({
    code: 'GUEST',
    message: expect.stringMatching(message),
  })
  expect(leftOvers()).toEqual([])
})

const hang = `setInterval(() => {}, 1000)`

it.each([
  {
    name: 'is not up',
    script: `console.log('stuck'); ${hang}`,
    changes: { bootTimeoutMs: 1500 },
    what: 'is not up after 1.5 s',
  },
  {
    name: 'does not end',
    script: `output().write('kernel-vm: up 6.1.0\\n'); console.log('stuck'); ${hang}`,
    changes: { runTimeoutMs: 1500 },
    what: 'has not ended after 1.5 s',
  },
])('kills a guest that $name in time', async ({ script, changes, what }) => {
  await expect(runInGuest(options(script, changes))).rejects.toMatchObject({
    code: 'GUEST',
    message: expect.stringMatching(new RegExp(`${what}.*\n.*stuck`)),
  })
  expect(leftOvers()).toEqual([])
})

it('kills the guest when told to stop', async () => {
  const stop = new AbortController()
  const script = `output().write('kernel-vm: up ' + process.pid + '\\n'); ${hang}`
  let pid = 0
  const onUp = (release: string) => {
    pid = Number(release)
    stop.abort(new Error('enough'))
  }
  await expect(runInGuest(options(script, { onUp, signal: stop.signal }))).rejects.toThrow('enough')
  expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }))
  expect(leftOvers()).toEqual([])
})

it('says that QEMU is missing', async () => {
  await expect(runInGuest(options('', { qemu: '/nonexistent/qemu' }))).rejects.toMatchObject({
    code: 'GUEST',
    message: expect.stringMatching(/went off before it was up.*\n.*nonexistent\/qemu/),
  })
})
