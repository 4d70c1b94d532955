import { expect, it } from 'vitest'
import { createLeaderLease, type LeaseRecord } from './leader-lease.ts'
import { type ObjectServer, startObjectServer } from './testing/object-server.ts'

const collection = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'
const path = `${collection}/lock`
const record: LeaseRecord = {
  holder: 'a',
  durationMs: 15_000,
  acquireTime: '2026-01-01T00:00:00.123Z',
  renewTime: '2026-01-01T00:00:02.456Z',
  transitions: 3,
}
const call = () => ({ signal: AbortSignal.timeout(10_000), timeoutMs: 5_000 })
const leaseOf = ({ client }: ObjectServer) =>
  createLeaderLease({ client, namespace: 'kube-system', name: 'lock' })

it('is created by one of two, and read as it was written', async () => {
  await using server = await startObjectServer([collection])
  const lease = leaseOf(server)
  expect(await lease.read(call())).toBeUndefined()
  const created = await lease.create(record, call())
  expect(await lease.create({ ...record, holder: 'b' }, call())).toBe('conflict')
  expect(await lease.read(call())).toEqual(created)
  const [acquireTime, renewTime] = ['2026-01-01T00:00:00.123000Z', '2026-01-01T00:00:02.456000Z']
  expect(created).toMatchObject({ record: { ...record, acquireTime, renewTime } })
  expect(server.objects.get(path)).toMatchObject({ spec: { leaseDurationSeconds: 15, leaseTransitions: 3 } })
})

it('is replaced by the first of those who saw one version, and keeps what others wrote into it', async () => {
  await using server = await startObjectServer([collection])
  const lease = leaseOf(server)
  await lease.create(record, call())
  server.change(path, { metadata: { labels: { team: 'x' } } })
  const { resourceVersion = '' } = (await lease.read(call())) ?? {}
  expect(await lease.replace({ ...record, holder: 'b' }, { ...call(), resourceVersion })).toMatchObject({
    record: { holder: 'b' },
  })
  expect(await lease.replace({ ...record, holder: 'c' }, { ...call(), resourceVersion })).toBe('conflict')
  expect(server.objects.get(path)).toMatchObject({
    metadata: { labels: { team: 'x' } },
    spec: { holderIdentity: 'b' },
  })
  server.objects.delete(path)
  expect(await lease.replace(record, { ...call(), resourceVersion })).toBe('conflict')
})

it.each([
  { name: 'without a spec', spec: undefined, want: { holder: '', durationMs: undefined, transitions: 0 } },
  { name: 'with nulls', spec: { holderIdentity: null, leaseDurationSeconds: null }, want: { holder: '' } },
])('of somebody else, $name, is read', async ({ spec, want }) => {
  await using server = await startObjectServer([collection])
  server.change(path, { metadata: { name: 'lock' }, ...(spec === undefined ? {} : { spec }) })
  expect((await leaseOf(server).read(call()))?.record).toMatchObject(want)
})

it('that makes no sense is an error that says what to do', async () => {
  await using server = await startObjectServer([collection])
  server.change(path, { spec: { leaseDurationSeconds: -1 } })
  await expect(leaseOf(server).read(call())).rejects.toMatchObject({ code: 'LEADER_LEASE', retryable: true })
})
