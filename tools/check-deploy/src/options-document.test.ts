import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { optionsDocument } from './options-document.ts'
import { inRepository } from './repository.ts'

it('docs/options.md is what the declarations say', () => {
  // Otherwise: pnpm --filter @axoneme/check-deploy generate
  expect(readFileSync(inRepository('docs/options.md'), 'utf8')).toBe(optionsDocument())
})

it('says nothing of the machine that it was generated on', () => {
  expect(optionsDocument()).toContain('| `--node-name` | `AXO_NODE_NAME` | string | `the host name` |')
  expect(optionsDocument()).not.toContain(`\`${hostname()}\``)
})
