import { parseOptions } from '@axoneme/options'
import { expect, it } from 'vitest'
import { checkOptions, operatorOptions } from './config.ts'

const parse = (...argv: string[]) =>
  parseOptions(operatorOptions, { argv: ['--kvstore-endpoints', 'http://127.0.0.1:1', ...argv] }).config

it('has defaults that go together', () => {
  expect(() => checkOptions(parse())).not.toThrow()
})

it.each([
  ['--leader-election-lease-duration', '15500ms'],
  ['--leader-election-renew-deadline', '11s'],
  ['--leader-election-retry-period', '5s'],
])('refuses %s %s', (option, value) => {
  expect(() => checkOptions(parse(option, value))).toThrow(option.slice(2))
})
