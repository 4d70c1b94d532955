import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EndpointId, EndpointRow } from '@axoneme/endpoint'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { z } from 'zod'

const savedEndpoint = z.strictObject({
  id: z.int().min(1).max(65535),
  containerId: z.string().min(1).max(256),
  ifName: z.string().min(1).max(15),
  netnsPath: z.string(),
  namespace: z.string(),
  podName: z.string(),
  podUid: z.string(),
  ipv4: z.ipv4(),
  podMac: z.mac(),
  hostMac: z.mac(),
  hostIfName: z.string().regex(/^lxc[0-9a-f]{12}$/),
  labels: z.record(z.string(), z.string()),
  identity: z.int().min(0),
  state: z.enum(['waiting-for-identity', 'ready']),
})

/** One file per endpoint, written before anything is made for it: what a restart takes over, and cleans up by. */
export type EndpointState = {
  save(row: EndpointRow): void
  remove(id: EndpointId): void
  ids(): EndpointId[]
  load(): EndpointRow[]
}

/** Files `<directory>/<id>.json`, readable by root only, replaced atomically. */
export function openEndpointState(directory: string, log: Logger): EndpointState {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pathOf = (id: EndpointId) => join(directory, `${id}.json`)
  const ids = () =>
    readdirSync(directory)
      .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
      .filter((id) => id !== undefined)
      .map(Number)
  return {
    ids,
    save(row) {
      const path = pathOf(row.id)
      writeFileSync(`${path}.tmp`, JSON.stringify(row), { mode: 0o600 })
      renameSync(`${path}.tmp`, path)
    },
    remove: (id) => rmSync(pathOf(id), { force: true }),
    load: () =>
      ids().flatMap((id): EndpointRow[] => {
        try {
          return [savedEndpoint.parse(JSON.parse(readFileSync(pathOf(id), 'utf8')))]
        } catch (error) {
          // Its links and pins are pruned, and the runtime's CHECK or DEL finds no endpoint.
          log.error('endpoint state unreadable, endpoint dropped', {
            file: pathOf(id),
            error: describeError(error),
          })
          rmSync(pathOf(id), { force: true })
          return []
        }
      }),
  }
}
