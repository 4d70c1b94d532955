import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Attachment } from '@axoneme/endpoint'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'

/** A DEL that the CNI executable took while no agent listened. */
export type QueuedDelete = Readonly<{
  attachment: Attachment
  netnsPath: string
  /** Forgets it. Call when the attachment is gone; until then it comes back at the next start. */
  done(): void
}>

const maxFileBytes = 16_384
const fileSchema = z.object({
  containerId: z.string().min(1),
  ifName: z.string().min(1),
  netns: z.string(),
})

/**
 * The DELs that wait beside the agent's socket. Read it after the API listens: the executable that finds no agent
 * looks again after it left its file, so that none is missed. `report` is told of files that are none of ours; they
 * stay where they are.
 */
export function queuedDeletes(socketPath: string, report: (problem: CodedError) => void): QueuedDelete[] {
  const directory = join(dirname(socketPath), 'deletes')
  return namesIn(directory).flatMap((name) => {
    const path = join(directory, name)
    try {
      const { containerId, ifName, netns } = readFile(path)
      const attachment = { containerId, ifName }
      return [{ attachment, netnsPath: netns, done: () => unlinkSync(path) }]
    } catch (cause) {
      report(new CodedError('DELETE_QUEUE', `read queued deletion ${path}`, { cause }))
      return []
    }
  })
}

function readFile(path: string): z.infer<typeof fileSchema> {
  const { size } = statSync(path)
  if (size > maxFileBytes) throw new RangeError(`${size} bytes are too many`)
  return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}

function namesIn(directory: string): string[] {
  try {
    // A name with a leading dot is being written.
    return readdirSync(directory).filter((name) => name.endsWith('.json') && !name.startsWith('.'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
