import { describe, expect, it } from 'vitest'
import { labelSelectorMatcher, mapSelectorMatcher, parseLabelSelector } from './labels.ts'

const labels = { app: 'web', tier: 'front', 'example.com/rank': '7', empty: '' }

describe('parseLabelSelector', () => {
  it.each([
    ['', true],
    ['app', true],
    ['!app', false],
    ['!other', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier != back', true],
    ['app!=web', false],
    ['other!=x', true],
    ['app in (web, api)', true],
    ['app in (api)', false],
    ['app notin (api,db),tier', true],
    ['other notin (api)', true],
    ['example.com/rank>5', true],
    ['example.com/rank<5', false],
    ['empty=', true],
    ['app in (web),tier in (back,front),!nope', true],
    // A member of every JavaScript object is no label.
    ['constructor', false],
    ['toString=x', false],
  ])('%s selects: %s', (text, expected) => {
    expect(parseLabelSelector(text)(labels)).toBe(expected)
  })

  it.each([
    'app in web',
    'app in (web',
    '=x',
    'a=b=c',
    'bad key',
    'a,,b',
    'a in (x),',
    'rank>high',
    '-a',
    `a=${'v'.repeat(64)}`,
  ])('refuses %s', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ httpCode: 400 }))
  })
})

describe('labelSelectorMatcher', () => {
  it.each([
    [{}, true],
    [undefined, false],
    [{ matchLabels: { app: 'web' } }, true],
    [{ matchLabels: { app: 'web', tier: 'back' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [{ matchExpressions: [{ key: 'nope', operator: 'NotIn', values: ['web'] }] }, true],
    [{ matchExpressions: [{ key: 'nope', operator: 'Exists' }] }, false],
    [{ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'nope', operator: 'DoesNotExist' }] }, true],
  ])('%j selects: %s', (selector, expected) => {
    expect(labelSelectorMatcher(selector)(labels)).toBe(expected)
  })
})

describe('mapSelectorMatcher', () => {
  it('selects nothing when it is empty', () => {
    expect(mapSelectorMatcher({})(labels)).toBe(false)
    expect(mapSelectorMatcher({ app: 'web' })(labels)).toBe(true)
  })
})
