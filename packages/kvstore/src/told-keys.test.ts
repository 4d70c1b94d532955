import { describe, expect, it } from 'vitest'
import { ToldKeys } from './told-keys.ts'
import type { StoredEntry } from './transport.ts'
import type { KvEvent } from './types.ts'

const entry = (key: string, modRevision: number): StoredEntry => ({
  key,
  value: `${modRevision}`,
  modRevision,
  createRevision: 1,
})
const listing = (revision: number, ...entries: StoredEntry[]) => ({ entries, revision, historyId: '' })
const words = (events: Iterable<KvEvent>) =>
  [...events].map((event) => {
    if (event.kind === 'upsert') return `+${event.entry.key}=${event.entry.value}`
    return event.kind === 'delete' ? `-${event.key}@${event.modRevision}` : event.kind
  })

describe('keys that a watch told', () => {
  it('differ from a listing by removals first, then upserts in order, and nothing about what is the same', () => {
    const told = new ToldKeys()
    words(told.compare(listing(3, entry('same', 1), entry('changed', 2), entry('gone', 3)), 0))
    const now = listing(9, entry('new', 6), entry('same', 1), entry('changed', 5))
    expect(words(told.compare(now, 0))).toEqual(['-gone@9', '+changed=5', '+new=6'])
    expect(words(told.compare(now, 0))).toEqual([])
  })

  it('are told of whole where only what is behind the prefix is kept', () => {
    const told = new ToldKeys(undefined, 'state/')
    words(told.compare(listing(3, entry('state/a', 1), entry('state/b', 2)), 0))
    expect(told.apply({ kind: 'delete', key: 'state/b', modRevision: 4 }, 0)).toMatchObject({
      key: 'state/b',
    })
    expect(words(told.compare(listing(9, entry('state/c', 5)), 0))).toEqual(['-state/a@9', '+state/c=5'])
  })

  it('are told again when the history is another, also where the revision happens to be the same', () => {
    const told = new ToldKeys()
    words(told.compare(listing(3, entry('a', 1), entry('gone', 3)), 0))
    expect(words(told.replace(listing(2, entry('a', 1)), 0))).toEqual(['history-lost', '-gone@2', '+a=1'])
    expect(told.dueMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('are kept as long as others come back, and not for ever', () => {
    const told = new ToldKeys({ quietMs: 10, maxMs: 25 })
    words(told.compare(listing(9, entry('a', 7), entry('b', 8), entry('c', 9)), 0))
    expect(words(told.replace(listing(1), 100))).toEqual(['history-lost'])
    expect(told.dueMs).toBe(110)
    const comesBack = (key: string, nowMs: number) =>
      told.apply({ kind: 'upsert', entry: entry(key, 2) }, nowMs)
    expect(comesBack('a', 108)).toMatchObject({ kind: 'upsert' })
    expect(told.dueMs).toBe(118)
    comesBack('new', 110)
    expect(told.dueMs).toBe(118)
    comesBack('b', 117)
    expect(told.dueMs).toBe(125)
    expect(words(told.deleteLost(5))).toEqual(['-c@5'])
    expect(told.dueMs).toBe(Number.POSITIVE_INFINITY)
    // What came back is deleted as ever.
    expect(told.apply({ kind: 'delete', key: 'a', modRevision: 6 }, 130)).toMatchObject({ kind: 'delete' })
  })

  it('survive a second loss and a cut while they are kept', () => {
    const told = new ToldKeys({ quietMs: 10, maxMs: 25 })
    words(told.compare(listing(9, entry('a', 7), entry('b', 8)), 0))
    words(told.replace(listing(1), 100))
    expect(words(told.compare(listing(4, entry('b', 3)), 105))).toEqual(['+b=3'])
    expect(words(told.replace(listing(1), 110))).toEqual(['history-lost'])
    expect(told.dueMs).toBe(120)
    expect(words(told.deleteLost(1)).sort()).toEqual(['-a@1', '-b@1'])
  })
})
