import { createLogger } from '@axoneme/log'
import { Etcd3 } from 'etcd3'
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest'
import { createEmbeddedKvstore, createEmbeddedLink, createEmbeddedStore } from './embedded/index.ts'
import { openEtcdKvstore } from './etcd/open.ts'
import { type ContractHarness, contractCases, startEtcd, startFaultProxy } from './testing/index.ts'
import type { Kvstore } from './types.ts'

const log = createLogger({ sink: () => {} })
const caseTimeoutMs = 60_000

function closer() {
  const opened: AsyncDisposable[] = []
  return {
    keep<T extends AsyncDisposable>(resource: T): T {
      opened.push(resource)
      return resource
    },
    async closeAll() {
      for (const resource of opened.splice(0).reverse()) await resource[Symbol.asyncDispose]()
    },
  }
}

describe('embedded store', () => {
  const { keep, closeAll } = closer()
  afterEach(closeAll)

  async function harness(): Promise<ContractHarness> {
    const { signal } = new AbortController()
    const store = createEmbeddedStore()
    const link = createEmbeddedLink()
    const open = async (options = {}) =>
      keep(await createEmbeddedKvstore({ store, link, log, signal, ...options }))
    return {
      open,
      outsider: keep(await createEmbeddedKvstore({ store, log, signal })),
      expireLease: async (leaseId) => store.revokeLease(leaseId),
      compact: async () => store.compact(),
      async interrupt(meanwhile) {
        link.setReachable(false)
        await meanwhile()
        link.setReachable(true)
      },
    }
  }

  for (const { name, run } of contractCases) it(name, async () => run(await harness()), caseTimeoutMs)
})

describe('etcd', () => {
  const { keep, closeAll } = closer()
  const server = closer()
  const { signal } = new AbortController()
  let admin: Etcd3
  let outsider: Kvstore
  let proxy: Awaited<ReturnType<typeof startFaultProxy>>

  beforeAll(async () => {
    const etcd = server.keep(await startEtcd({ signal }))
    const [endpoint = ''] = etcd.endpoints
    proxy = server.keep(await startFaultProxy(endpoint))
    admin = new Etcd3({ hosts: etcd.endpoints })
    outsider = server.keep(await openEtcdKvstore({ endpoints: etcd.endpoints, log, signal }))
  })
  afterEach(async () => {
    await closeAll()
    await admin.delete().all()
  })
  afterAll(async () => {
    await server.closeAll()
    admin?.close()
  })

  const harness = (): ContractHarness => ({
    open: async (options) =>
      keep(await openEtcdKvstore({ endpoints: [proxy.endpoint], log, signal, ...options })),
    outsider,
    expireLease: async (leaseId) => {
      await admin.leaseClient.leaseRevoke({ ID: leaseId })
    },
    compact: async () => {
      const { header } = await admin.kv.range({ key: Buffer.from('x') })
      await admin.kv.compact({ revision: header.revision, physical: true })
    },
    async interrupt(meanwhile) {
      proxy.cut()
      await meanwhile()
      proxy.restore()
    },
  })

  for (const { name, run } of contractCases) it(name, () => run(harness()), caseTimeoutMs)
})
