#!/usr/bin/env node
import { CodedError, describeError } from '@axoneme/lifecycle'
import { bundleApp } from './bundle.ts'

const usage = 'usage: bundle-app   (in the directory of an app: src/main.ts becomes dist/main.js)\n'

if (process.argv.length > 2) {
  process.stderr.write(usage)
  process.exitCode = process.argv[2] === '--help' ? 0 : 2
} else {
  try {
    await bundleApp(process.cwd())
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    process.stderr.write(`bundle-app: ${describeError(error)} [${error.code}]\n`)
    process.exitCode = 1
  }
}
