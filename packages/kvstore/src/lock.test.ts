import { createLogger } from '@axoneme/log'
import { describe, expect, it } from 'vitest'
import { createEmbeddedLink, createEmbeddedStore } from './embedded/index.ts'
import { embeddedTransport } from './embedded/transport.ts'
import { hasCode, KvstoreError } from './errors.ts'
import { predecessor, takeLock } from './lock.ts'
import type { KvTransport } from './transport.ts'

const contender = (name: string, createRevision: number) => ({
  key: `locks/a/${name}`,
  value: '',
  createRevision,
  modRevision: createRevision,
})

describe('predecessor', () => {
  const line = [
    contender('first', 3),
    contender('third', 9),
    contender('second', 5),
    contender('b/nested', 7),
  ]

  it.each([
    { mine: 3, before: undefined },
    { mine: 5, before: 'locks/a/first' },
    { mine: 9, before: 'locks/a/second' },
  ])('of revision $mine is $before', ({ mine, before }) => {
    expect(predecessor(line, 'locks/a', { key: 'locks/a/x', createRevision: mine })?.key).toBe(before)
  })
})

describe('takeLock', () => {
  const log = createLogger({ sink: () => {} })
  const lockOf = (transport: KvTransport, onlyIfFree = false) => {
    const { signal } = new AbortController()
    return takeLock({ transport, path: 'locks/a', onlyIfFree, signal, log, random: () => 0 })
  }

  /** The store without the answers to these of its writes, which it makes or, where `isMade` is false, does not make. */
  const losing = (transport: KvTransport, lost: readonly number[], isMade: boolean): KvTransport => {
    let writes = 0
    return {
      ...transport,
      async transact(request) {
        if (!lost.includes(writes++)) return transport.transact(request)
        if (isMade) await transport.transact(request)
        throw new KvstoreError('KVSTORE_UNAVAILABLE', { operation: 'write', key: '' })
      },
    }
  }

  it.each([
    { lost: [0], isMade: true },
    { lost: [0], isMade: false },
    { lost: [1], isMade: true },
    { lost: [0, 1, 2], isMade: true },
    { lost: [0, 1, 2], isMade: false },
  ])('waits in line when the answers to writes $lost are lost, made: $isMade', async ({ lost, isMade }) => {
    const transport = embeddedTransport(createEmbeddedStore(), createEmbeddedLink())
    const first = await lockOf(transport)
    const waiting = lockOf(losing(transport, lost, isMade))
    const inLine = async () => (await transport.range({ key: 'locks/a/', prefix: true })).entries.length
    await expect.poll(inLine).toBe(2)
    await first?.release()
    const second = await waiting
    expect(await transport.transact({ conditions: second ? [second.fence] : [], writes: [] })).toMatchObject({
      succeeded: true,
    })
    await second?.release()
    expect(await inLine()).toBe(0)
  })

  it('leaves nothing behind when it may not wait and the answer is lost', async () => {
    const transport = embeddedTransport(createEmbeddedStore(), createEmbeddedLink())
    const trying = lockOf(losing(transport, [0], true), true)
    await expect(trying).rejects.toSatisfy((error) => hasCode(error, 'KVSTORE_UNAVAILABLE'))
    expect((await transport.range({ key: 'locks/a/', prefix: true })).entries).toEqual([])
  })
})
