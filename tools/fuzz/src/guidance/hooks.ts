import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Counters } from './counters.ts'
import { instrument } from './instrument.ts'

/** Instruments the modules whose URL matches, when this thread imports them from now on. */
export function instrumentImports(counters: Counters, modules: RegExp): Disposable {
  counters.install()
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!modules.test(url) || loaded.source === undefined || loaded.source === null) return loaded
      const source =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
      const instrumented = instrument(source, { path: fileURLToPath(url), firstCounter: counters.used })
      counters.reserve(instrumented.counters)
      return { ...loaded, source: instrumented.source }
    },
  })
  return { [Symbol.dispose]: () => hooks.deregister() }
}
