import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ciliumEndpointContentSchema,
  ciliumEndpointKey,
  type EndpointRecords,
  type WrittenEndpoint,
} from '@axoneme/k8s-writers'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { z } from 'zod'

const savedSchema: z.ZodType<WrittenEndpoint> = z.strictObject({
  uid: z.string().min(1),
  content: ciliumEndpointContentSchema,
})

/**
 * What this node wrote to the apiserver about its endpoints: one file each in `directory`, replaced atomically, read
 * once. A file that cannot be read is dropped: its object is written anew then.
 */
export function openEndpointRecords(directory: string, log: Logger): EndpointRecords {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Names of pods are longer than names of files may be.
  const pathOf = (key: string) =>
    join(directory, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`)
  const records = new Map<string, WrittenEndpoint>()
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.json')) continue
    const path = join(directory, name)
    try {
      const saved = savedSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
      records.set(ciliumEndpointKey(saved.content), saved)
    } catch (error) {
      log.warn('record of a CiliumEndpoint unreadable, dropped', { path, error: describeError(error) })
      rmSync(path, { force: true })
    }
  }
  return {
    keys: () => [...records.keys()],
    get: (key) => records.get(key),
    set(key, written) {
      const path = pathOf(key)
      writeFileSync(`${path}.tmp`, JSON.stringify(written), { mode: 0o600 })
      renameSync(`${path}.tmp`, path)
      records.set(key, written)
    },
    delete(key) {
      rmSync(pathOf(key), { force: true })
      records.delete(key)
    },
  }
}
