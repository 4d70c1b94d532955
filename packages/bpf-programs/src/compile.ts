import type { DatapathConfig, DatapathProgram } from './config.ts'
import { type CompiledObject, openTemplateCache, type TemplateCacheOptions } from './template-cache.ts'

export type CompileOptions = TemplateCacheOptions &
  Readonly<{ program: DatapathProgram; config: DatapathConfig; signal: AbortSignal }>

/** One object of a cache that is used for nothing else; see TemplateCache.object. */
export async function compileObject({
  program,
  config,
  signal,
  ...options
}: CompileOptions): Promise<CompiledObject> {
  await using cache = await openTemplateCache(options)
  return await cache.object({ program, config, signal })
}
