import { expect, it } from 'vitest'
import { formatHelp, formatOptionTable } from './help.ts'
import { boolean, duration, oneOf, string } from './kinds.ts'
import { defineOptions } from './option.ts'

const options = defineOptions({
  routing: oneOf(['native', 'vxlan'], { default: 'native', help: 'between nodes' }),
  keep: boolean({ default: false, help: 'leave it up' }),
  timeout: duration({ default: 90_000, help: 'give up after' }),
  'node-name': string({ help: 'this node' }),
})

it('aligns the help text', () => {
  expect(formatHelp(options, { usage: 'dev demo [options]', examples: ['dev demo --keep'] })).toBe(
    `usage: dev demo [options]

options:
  --routing native|vxlan  between nodes (default: native)
  --[no-]keep             leave it up (default: false)
  --timeout duration      give up after (default: 1m30s)
  --node-name string      this node (required)

examples:
  dev demo --keep
`,
  )
})

it('makes rows for the docs', () => {
  expect(formatOptionTable(options).split('\n').slice(2, 4)).toEqual([
    '| `--routing` | `AXO_ROUTING` | native\\|vxlan | `native` | between nodes |',
    '| `--keep` | `AXO_KEEP` | boolean | `false` | leave it up |',
  ])
})
