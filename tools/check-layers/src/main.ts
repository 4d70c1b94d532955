import { fileURLToPath } from 'node:url'
import { checkWorkspace } from './check.ts'
import { readWorkspace } from './workspace.ts'

const root = process.argv[2] ?? fileURLToPath(new URL('../../..', import.meta.url))
const workspace = readWorkspace(root)
const violations = checkWorkspace(workspace)
for (const { file, line, rule, message } of violations) {
  process.stdout.write(`${file}:${line}: ${message} (${rule})\n`)
}
process.stdout.write(`layers: ${workspace.packages.length} packages, ${violations.length} violations\n`)
process.exitCode = violations.length === 0 ? 0 : 1
