import { join } from 'node:path'
import { isCurrent } from './sources.ts'

/** What to start an app with: its bundle when it is one of the present sources, otherwise the sources. */
export function entryPoint(appDir: string): string {
  const dist = join(appDir, 'dist')
  return isCurrent(dist) ? join(dist, 'main.js') : join(appDir, 'src', 'main.ts')
}
