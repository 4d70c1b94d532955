import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addressOf, createCniRuntime } from './cni.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'axo-cni-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const attachment = {
  containerId: 'c1',
  netns: '/run/netns/x',
  ifName: 'eth0',
  podNamespace: 'shop',
  podName: 'web',
  podUid: 'u1',
}
const signal = new AbortController().signal

/** A runtime whose plugins are shell scripts. */
function runtime(plugins: Record<string, string>) {
  for (const [type, script] of Object.entries(plugins)) {
    const file = join(directory, type)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }
  const conflistPath = join(directory, 'list')
  const list = Object.keys(plugins).map((type) => ({ type, colour: 'red' }))
  writeFileSync(conflistPath, JSON.stringify({ cniVersion: '1.1.0', name: 'net', plugins: list }))
  return createCniRuntime({
    conflistPath,
    executableOf: (type) => join(directory, type),
    env: { MARK: 'm', PATH: process.env.PATH ?? '' },
  })
}

const log = (what: string) => readFileSync(join(directory, what), 'utf8')
const result = (ip: string) => `echo '{"cniVersion":"1.1.0","ips":[{"address":"${ip}/32"}]}'`

it('gives a plugin its environment and configuration', async () => {
  const cni = runtime({
    one: `env | sort > ${directory}/env; cat > ${directory}/config; ${result('10.0.0.1')}`,
  })
  const added = await cni.add(attachment, { signal })
  expect(addressOf(added)).toBe('10.0.0.1')
  expect(log('env').split('\n')).toEqual(
    expect.arrayContaining([
      'CNI_COMMAND=ADD',
      'CNI_CONTAINERID=c1',
      'CNI_NETNS=/run/netns/x',
      'CNI_IFNAME=eth0',
      `CNI_PATH=${directory}`,
      'CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=c1;K8S_POD_UID=u1',
      'MARK=m',
    ]),
  )
  expect(JSON.parse(log('config'))).toEqual({ cniVersion: '1.1.0', name: 'net', type: 'one', colour: 'red' })
})

it('hands results along on ADD and goes backwards on DEL', async () => {
  const script = (name: string, ip: string) =>
    `echo "$CNI_COMMAND ${name} $(cat)" >> ${directory}/calls; ${result(ip)}`
  const cni = runtime({ one: script('one', '10.0.0.1'), two: script('two', '10.0.0.2') })
  const added = await cni.add(attachment, { signal })
  await cni.del(attachment, added)
  const calls = log('calls')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  expect(calls.map(([command, name]) => `${command} ${name}`)).toEqual([
    'ADD one',
    'ADD two',
    'DEL two',
    'DEL one',
  ])
  const previous = calls.map((words) => JSON.parse(words.slice(2).join(' ')).prevResult?.ips[0].address)
  expect(previous).toEqual([undefined, '10.0.0.1/32', '10.0.0.2/32', '10.0.0.2/32'])
})

it.each([
  {
    name: 'its error',
    script: `echo '{"code":11,"msg":"later","details":"busy"}'; exit 1`,
    message: 'later: busy',
    cniCode: 11,
  },
  { name: 'no error object', script: 'echo nonsense >&2; exit 3', message: 'nonsense', cniCode: 0 },
  { name: 'no result', script: 'exit 0', message: 'JSON', cniCode: 6 },
  {
    name: 'a bad address',
    script: `echo '{"cniVersion":"1.1.0","ips":[{"address":"x"}]}'`,
    message: 'address',
    cniCode: 6,
  },
])('tells of a plugin that gives $name', async ({ script, message, cniCode }) => {
  const failure = await runtime({ one: script })
    .add(attachment, { signal })
    .catch((error) => error)
  expect(failure).toMatchObject({ code: 'CNI', cniCode, retryable: true })
  expect(String(failure.cause.message)).toContain(message)
})

it('tells of a plugin that is not there', async () => {
  const cni = runtime({ one: result('10.0.0.1') })
  rmSync(join(directory, 'one'))
  await expect(cni.add(attachment, { signal })).rejects.toMatchObject({ code: 'CNI', cniCode: 0 })
})
