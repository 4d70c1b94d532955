import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { metricsDocument } from './metrics-document.ts'
import { inRepository } from './repository.ts'

it('docs/metrics.md is what is registered', () => {
  // Otherwise: pnpm --filter @axoneme/check-deploy generate
  expect(readFileSync(inRepository('docs/metrics.md'), 'utf8')).toBe(metricsDocument())
})
