import { expect, it } from 'vitest'
import { parseArguments } from './arguments.ts'

const report = ['--report', 'r.json']

it.each([
  { argv: ['--kernel', '6.1', ...report], patterns: [] },
  { argv: ['--kernel', '6.1', ...report, 'packages/bpf', 'policy'], patterns: ['packages/bpf', 'policy'] },
])('reads $argv', ({ argv, patterns }) => {
  expect(parseArguments(argv)).toEqual({ kernel: '6.1', report: 'r.json', patterns })
})

it.each([
  { argv: [...report], message: '--kernel is missing' },
  { argv: ['--kernel', '6', ...report], message: '--kernel is 6' },
  { argv: ['--kernel', '../6.1', ...report], message: '--kernel is ../6.1' },
  { argv: ['--kernel', '6.1'], message: '--report is missing' },
  { argv: ['--kernel', '6.1', ...report, '--watch'], message: /--watch/ },
  { argv: ['--kernel', '6.1', ...report, '--', '--watch'], message: '--watch is no pattern' },
])('refuses $argv', ({ argv, message }) => {
  expect(() => parseArguments(argv)).toThrow(message)
  expect(() => parseArguments(argv)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
