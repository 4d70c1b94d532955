import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export type StoredKey = Readonly<{ value: string /** Decimal; '0': none. */; leaseId: string }>

const run = promisify(execFile)

/** Runs etcd's own client, which shares nothing with ours; what it prints. */
export async function etcdctl(endpoints: readonly string[], ...args: string[]): Promise<string> {
  const { stdout } = await run(
    'etcdctl',
    ['--endpoints', endpoints.join(','), '--command-timeout', '10s', ...args],
    {
      env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
      maxBuffer: 2 ** 28,
    },
  )
  return stdout
}

/** Everything under `prefix` as etcd has it, keys without the prefix. */
export async function readStored(
  endpoints: readonly string[],
  prefix: string,
): Promise<Map<string, StoredKey>> {
  const json = await etcdctl(endpoints, 'get', '--prefix', prefix, '-w', 'json')
  // Leases are 64-bit numbers, which JSON.parse would round.
  const answer: { kvs?: { key: string; value?: string; lease?: string }[] } = JSON.parse(
    json.replaceAll(/"lease":(\d+)/g, '"lease":"$1"'),
  )
  const text = (base64: string) => Buffer.from(base64, 'base64').toString()
  return new Map(
    (answer.kvs ?? []).map(({ key, value = '', lease = '0' }) => [
      text(key).slice(prefix.length),
      { value: text(value), leaseId: lease },
    ]),
  )
}
