import { describe, expect, it } from 'vitest'
import { predecessor } from './lock.ts'

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
