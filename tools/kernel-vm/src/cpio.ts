/** A file of an archive. The path is relative to the root of what is made of it; directories come as needed. */
export type ArchiveFile = Readonly<{ path: string; mode: number; content: Buffer }>

const regularFile = 0o100000
const directory = 0o040000

/** An archive in the "newc" format of cpio(5), as the kernel unpacks it into the first root file system. */
export function cpioArchive(files: readonly ArchiveFile[]): Buffer {
  const entries: Entry[] = [
    ...parentDirectories(files).map((path) => ({ path, mode: directory | 0o755, content: Buffer.alloc(0) })),
    ...files.map(({ path, mode, content }) => ({ path, mode: regularFile | mode, content })),
    { path: 'TRAILER!!!', mode: 0, content: Buffer.alloc(0) },
  ]
  return Buffer.concat(entries.flatMap((entry, index) => encodeEntry(entry, index + 1)))
}

type Entry = Readonly<{ path: string; mode: number; content: Buffer }>

/** Every directory above a file, a parent before what is in it. */
function parentDirectories(files: readonly ArchiveFile[]): string[] {
  const directories = files.flatMap(({ path }) => {
    const names = path.split('/').slice(0, -1)
    return names.map((_, index) => names.slice(0, index + 1).join('/'))
  })
  return [...new Set(directories)]
}

function encodeEntry({ path, mode, content }: Entry, inode: number): Buffer[] {
  const name = Buffer.from(`${path}\0`)
  const [uid, gid, links, mtimeSeconds] = [0, 0, 1, 0]
  const [deviceMajor, deviceMinor, specialMajor, specialMinor, checksum] = [0, 0, 0, 0, 0]
  const fields = [
    inode,
    mode,
    uid,
    gid,
    links,
    mtimeSeconds,
    content.length,
    deviceMajor,
    deviceMinor,
    specialMajor,
    specialMinor,
    name.length,
    checksum,
  ]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(content)]
}

/** Headers with their names, and contents, end at a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
