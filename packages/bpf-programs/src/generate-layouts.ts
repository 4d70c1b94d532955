/** Writes generated/layouts.ts. Run it after a change of a struct or enum in the C. */
import { writeFile } from 'node:fs/promises'
import { generateLayouts, layoutsPath } from './layouts.ts'

await writeFile(layoutsPath, await generateLayouts({ signal: AbortSignal.timeout(60_000) }))
