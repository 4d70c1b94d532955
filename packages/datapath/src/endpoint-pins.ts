import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { unpin } from '@axoneme/bpf'
import type { EndpointId } from '@axoneme/endpoint'
import type { PinPaths } from './pin-paths.ts'

/** The directory that holds the endpoint's pins. */
export function ensurePinDirectory(paths: PinPaths, id: EndpointId): void {
  mkdirSync(paths.endpoint(id), { recursive: true, mode: 0o700 })
}

/** Removes whatever is pinned for the endpoint, also what another version of the agent pinned. Nothing there is fine. */
export function removePins(paths: PinPaths, id: EndpointId): void {
  const directory = paths.endpoint(id)
  for (const name of namesIn(directory)) unpin(join(directory, name))
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Endpoints that anything is pinned for. */
export function pinnedEndpoints(paths: PinPaths): EndpointId[] {
  return namesIn(paths.endpoints)
    .filter((name) => /^[1-9]\d{0,4}$/.test(name))
    .map(Number)
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
