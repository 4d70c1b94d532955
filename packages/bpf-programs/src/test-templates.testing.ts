import { join } from 'node:path'
import { type DatapathConfig, datapathPrograms } from './config.ts'
import { openTemplateCache } from './template-cache.ts'

/** Shared by all tests and all runs, as compiling takes seconds; a changed source has another name in it. */
export const testTemplateDir = join(import.meta.dirname, '..', 'dist', 'testbed')

/** The configurations that tests load. */
export const testConfigs: readonly DatapathConfig[] = [
  { routingMode: 'native' },
  { routingMode: 'tunnel' },
  { routingMode: 'native', traceEveryPacket: true },
]

/** Compiles what is not in `testTemplateDir` yet of every program in every configuration. */
export async function compileTestTemplates({ signal }: { signal: AbortSignal }): Promise<void> {
  await using cache = await openTemplateCache({ cacheDir: testTemplateDir })
  for (const config of testConfigs) {
    await Promise.all(datapathPrograms.map((program) => cache.object({ program, config, signal })))
  }
}
