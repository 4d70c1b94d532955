import { K8sApiError } from '@axoneme/k8s-client'
import type { MetadataList } from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import { compareWithSource, type Mirror } from './comparison.ts'
import type { ResourceSource } from './source.ts'

type Answer = MetadataList | K8sApiError | (() => MetadataList)

/** A source that gives these answers, one after the other. */
function sourceOf(answers: Answer[], isSelective: boolean) {
  const queries: unknown[] = []
  const source: ResourceSource = {
    resource: 'pods',
    isSelective,
    list: () => Promise.reject(new Error('not asked for')),
    watch: () => Promise.reject(new Error('not asked for')),
    async metadata({ query }) {
      queries.push(query)
      const answer = answers.shift()
      if (answer === undefined || answer instanceof Error) throw answer
      return typeof answer === 'function' ? answer() : answer
    },
  }
  return { source, queries }
}

class KnownKeys implements Mirror {
  resourceVersion: string | undefined = '10'
  changeCount = 0
  readonly known: Set<string>

  constructor(keys: readonly string[]) {
    this.known = new Set(keys)
  }

  get size(): number {
    return this.known.size
  }

  has(key: string): boolean {
    return this.known.has(key)
  }

  keys(): Iterable<string> {
    return this.known
  }
}

const page = (resourceVersion: string, remaining: number | undefined): MetadataList => ({
  items: [{ key: 'a', resourceVersion: '1' }],
  resourceVersion,
  remaining,
})
const refusal = (status: number, reason: string) => new K8sApiError('list', { status, reason })
const compare = (answers: Answer[], mirror: Mirror, isSelective = false) => {
  const { source, queries } = sourceOf(answers, isSelective)
  const signal = new AbortController().signal
  return { queries, comparison: compareWithSource({ source, mirror, settleMs: 1, signal }) }
}

describe('a whole collection, by its size', () => {
  const exact = { limit: 1, resourceVersion: '10', resourceVersionMatch: 'Exact' }

  it.each([
    { remaining: 2, outcome: 'equal' },
    { remaining: 1, outcome: 'differs' },
    { remaining: 3, outcome: 'differs' },
    { remaining: undefined, outcome: 'unknown' },
  ])('$remaining besides the first, three known: $outcome', async ({ remaining, outcome }) => {
    const { queries, comparison } = compare([page('10', remaining)], new KnownKeys(['a', 'b', 'c']))
    expect(await comparison).toMatchObject({ outcome, known: 3 })
    expect(queries).toEqual([exact])
  })

  it('nothing, and nothing known', async () => {
    const empty = { items: [], resourceVersion: '10', remaining: 0 }
    const { comparison } = compare([empty], new KnownKeys([]))
    expect(await comparison).toEqual({ outcome: 'equal', known: 0, source: 0 })
  })

  it('while no version is known the server is not asked', async () => {
    const mirror = new KnownKeys(['a'])
    mirror.resourceVersion = undefined
    const { queries, comparison } = compare([], mirror)
    expect(await comparison).toMatchObject({ outcome: 'unknown' })
    expect(queries).toEqual([])
  })

  it.each([
    { why: 'equal now', answers: [page('12', 2)], outcome: 'equal' },
    { why: 'equal soon', answers: [page('12', 1), page('13', 2)], outcome: 'equal' },
    { why: 'different and nothing happens', answers: [page('12', 1), page('12', 1)], outcome: 'differs' },
    { why: 'the server was set back', answers: [page('9', 2)], outcome: 'differs' },
    { why: 'the server does not count', answers: [page('12', undefined), page('12', undefined)] },
  ])('a version that is forgotten: $why', async ({ answers, outcome = 'unknown' }) => {
    const all = [refusal(410, 'Expired'), ...answers]
    const { queries, comparison } = compare(all, new KnownKeys(['a', 'b', 'c']))
    expect(await comparison).toMatchObject({ outcome })
    expect(queries).toEqual([exact, ...answers.map(() => ({ limit: 1 }))])
  })

  it('a version that is forgotten, while things happen: nobody knows', async () => {
    const mirror = new KnownKeys(['a', 'b', 'c'])
    const second = () => {
      mirror.changeCount++
      return page('13', 1)
    }
    const { comparison } = compare([refusal(504, 'Timeout'), page('12', 1), second], mirror)
    expect(await comparison).toMatchObject({ outcome: 'unknown' })
  })

  it('any other failure is the caller’s', async () => {
    const { comparison } = compare([refusal(429, 'TooManyRequests')], new KnownKeys([]))
    await expect(comparison).rejects.toMatchObject({ status: 429 })
  })
})

describe('a selection, by its keys', () => {
  const items = (...keys: string[]) =>
    keys.map((key) => ({ key: key.slice(0, 1), resourceVersion: key.slice(1) }))
  const list = (...keys: string[]): MetadataList => ({
    items: items(...keys),
    resourceVersion: '15',
    remaining: 0,
  })

  it.each([
    { name: 'the same', answer: list('a3', 'b10'), outcome: 'equal', missing: [], stale: [] },
    { name: 'newer ones too', answer: list('a3', 'b4', 'c11'), outcome: 'equal', missing: [], stale: [] },
    {
      name: 'one that was missed',
      answer: list('a3', 'b4', 'c9'),
      outcome: 'differs',
      missing: ['c'],
      stale: [],
    },
    { name: 'one is gone', answer: list('a3'), outcome: 'differs', missing: [], stale: ['b'] },
  ])('$name: $outcome', async ({ answer, name: _name, ...expected }) => {
    const { queries, comparison } = compare([answer], new KnownKeys(['a', 'b']), true)
    expect(await comparison).toMatchObject(expected)
    expect(queries).toEqual([{ resourceVersion: '10', resourceVersionMatch: 'NotOlderThan' }])
  })

  it('what comes and goes while the server answers is no difference', async () => {
    const mirror = new KnownKeys(['a', 'b', 'c'])
    const answer = () => {
      mirror.known.delete('a')
      setTimeout(() => mirror.known.delete('b'))
      return list('a3', 'c4')
    }
    expect(await compare([answer], mirror, true).comparison).toMatchObject({ outcome: 'equal' })
  })
})
