/** For tests that run where compiling takes minutes, as under emulation: afterwards they find every object. */
import { compileTestTemplates } from './test-templates.testing.ts'

await compileTestTemplates({ signal: AbortSignal.timeout(300_000) })
