import { writeFileSync } from 'node:fs'
import { optionsDocument } from './options-document.ts'
import { inRepository } from './repository.ts'

writeFileSync(inRepository('docs/options.md'), optionsDocument())
