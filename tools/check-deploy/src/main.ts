import { writeFileSync } from 'node:fs'
import { metricsDocument } from './metrics-document.ts'
import { optionsDocument } from './options-document.ts'
import { inRepository } from './repository.ts'

writeFileSync(inRepository('docs/options.md'), optionsDocument())
writeFileSync(inRepository('docs/metrics.md'), metricsDocument())
