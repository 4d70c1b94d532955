import { createHash } from 'node:crypto'
import { chmod, utimes } from 'node:fs/promises'
import { z } from 'zod'
import { maxVersionLength } from '../clang.ts'
import { datapathPrograms } from '../config.ts'
import { replace, syncDirectory, syncFile, writeDurably } from './durable-file.ts'
import { metadataPath, objectPath } from './layout.ts'
import { hasCode, readPrivateFile } from './private-file.ts'

/** Real objects have about 100 KiB. */
const maxObjectBytes = 16 * 1024 * 1024
const maxMetadataBytes = 64 * 1024

const metadataSchema = z.object({
  program: z.enum(datapathPrograms),
  /** The node configuration that it was compiled for, by option. */
  config: z.record(z.string().max(64), z.union([z.string().max(256), z.boolean(), z.number()])),
  /** What it was made of but for the compiler; see `Recipe`. */
  recipe: z.hex().length(64),
  /** The compiler's own words. */
  compiler: z.string().max(maxVersionLength),
  compileMs: z.number().min(0),
  createdAt: z.iso.datetime(),
  bytes: z.int().min(1).max(maxObjectBytes),
  sha256: z.hex().length(64),
})

/** What is remembered beside an object. */
export type TemplateMetadata = Readonly<z.infer<typeof metadataSchema>>

export type CachedTemplate = Readonly<{ path: string; bytes: Buffer; metadata: TemplateMetadata }>

/** `damaged`: there is something, but not what was written there. */
type Outcome<T> =
  | Readonly<{ kind: 'whole'; value: T }>
  | Readonly<{ kind: 'absent' }>
  | Readonly<{ kind: 'damaged'; reason: string }>

/** The object of an entry's directory, checked: these very bytes are whole, and were made from the recipe. */
export async function readEntry(
  directory: string,
  { recipe }: { recipe?: string } = {},
): Promise<Outcome<CachedTemplate>> {
  const read = await readMetadata(directory)
  if (read.kind !== 'whole') return read
  const metadata = read.value
  if (recipe !== undefined && metadata.recipe !== recipe) {
    return { kind: 'damaged', reason: `${directory} has the object of another recipe` }
  }
  const path = objectPath(directory)
  const object = await readPrivateFile(path, metadata.bytes)
  if (object.kind === 'absent') return { kind: 'damaged', reason: `${path} is missing` }
  if (object.kind === 'unusable') return { kind: 'damaged', reason: object.reason }
  if (sha256(object.bytes) !== metadata.sha256) {
    return { kind: 'damaged', reason: `${path} does not have its checksum` }
  }
  return { kind: 'whole', value: { path, bytes: object.bytes, metadata } }
}

export async function readMetadata(directory: string): Promise<Outcome<TemplateMetadata>> {
  const path = metadataPath(directory)
  const file = await readPrivateFile(path, maxMetadataBytes)
  if (file.kind === 'absent') return file
  if (file.kind === 'unusable') return { kind: 'damaged', reason: file.reason }
  const parsed = metadataSchema.safeParse(parseJson(file.bytes))
  return parsed.success
    ? { kind: 'whole', value: parsed.data }
    : { kind: 'damaged', reason: `${path} is no description of a template` }
}

/**
 * Makes a compiled file the entry's object; whoever calls holds the entry's lock. The metadata comes last and names
 * the object's checksum: after a power cut there is a whole object or none.
 */
export async function writeEntry(
  directory: string,
  { compiled, ...described }: Omit<TemplateMetadata, 'bytes' | 'sha256'> & { compiled: string },
): Promise<CachedTemplate> {
  const object = await readPrivateFile(compiled, maxObjectBytes)
  if (object.kind !== 'bytes' || object.bytes.length === 0) {
    throw new NoObjectError(object.kind === 'unusable' ? object.reason : `${compiled} is empty or missing`)
  }
  const { bytes } = object
  const metadata = { ...described, bytes: bytes.length, sha256: sha256(bytes) }
  await chmod(compiled, 0o600)
  await syncFile(compiled)
  await replace(compiled, objectPath(directory))
  await writeDurably(metadataPath(directory), `${JSON.stringify(metadata, null, 2)}\n`)
  await syncDirectory(directory)
  return { path: objectPath(directory), bytes, metadata }
}

/** The compiler ended well and left no object. */
export class NoObjectError extends Error {}

/** Remembers that the entry was used now: the time of its metadata says so. */
export async function touchEntry(directory: string, atMs: number): Promise<void> {
  try {
    await utimes(metadataPath(directory), atMs / 1000, atMs / 1000)
  } catch (error) {
    // Where nothing can be written, nothing is ever removed for its age either.
    if (!hasCode(error, 'EROFS', 'EPERM', 'EACCES', 'ENOENT')) throw error
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Undefined when it is none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
