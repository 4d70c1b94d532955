import { describe, expect, it } from 'vitest'
import { type SlimLabelSelector, selectorMatches } from './index.ts'

const all: SlimLabelSelector = { matchLabels: {}, matchExpressions: [] }
const requirement = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', values: string[] = []) => ({
  ...all,
  matchExpressions: [{ key: 'tier', operator, values }],
})

describe('selectorMatches', () => {
  it.each([
    { selector: all, labels: {}, matches: true },
    { selector: { ...all, matchLabels: { a: 'b' } }, labels: { a: 'b', c: 'd' }, matches: true },
    { selector: { ...all, matchLabels: { a: 'b' } }, labels: { a: 'c' }, matches: false },
    { selector: { ...all, matchLabels: { a: '' } }, labels: {}, matches: false },
    { selector: requirement('In', ['web', 'db']), labels: { tier: 'db' }, matches: true },
    { selector: requirement('In', ['web']), labels: {}, matches: false },
    { selector: requirement('NotIn', ['web']), labels: {}, matches: true },
    { selector: requirement('NotIn', ['web']), labels: { tier: 'web' }, matches: false },
    { selector: requirement('NotIn', ['web']), labels: { tier: 'db' }, matches: true },
    { selector: requirement('Exists'), labels: { tier: '' }, matches: true },
    { selector: requirement('Exists'), labels: {}, matches: false },
    { selector: requirement('DoesNotExist'), labels: {}, matches: true },
    { selector: requirement('DoesNotExist'), labels: { tier: 'web' }, matches: false },
    {
      selector: {
        ...all,
        matchExpressions: [{ key: 'constructor', operator: 'Exists' as const, values: [] }],
      },
      labels: {},
      matches: false,
    },
  ])('$selector on $labels: $matches', ({ selector, labels, matches }) => {
    expect(selectorMatches(selector, labels)).toBe(matches)
  })
})
