import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'

const maxFileBytes = 65_536

/**
 * The files of a mounted ConfigMap by name. Dot files are the kubelet's own links (`..data`) and are left out.
 * @throws CodedError OPTIONS_DIRECTORY when it cannot be read or a file is over 64 KiB.
 */
export async function readOptionFiles(
  directory: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  try {
    for (const name of (await readdir(directory)).sort()) {
      const path = join(directory, name)
      if (name.startsWith('.')) continue
      const { size } = await stat(path)
      if (size > maxFileBytes)
        throw new RangeError(`${path} has ${size} bytes, at most ${maxFileBytes} are read`)
      files[name] = await readFile(path, { encoding: 'utf8', ...(signal === undefined ? {} : { signal }) })
    }
  } catch (cause) {
    throw new CodedError('OPTIONS_DIRECTORY', `read option files in ${directory}`, {
      cause,
      hint: 'it holds one file per option, as a mounted ConfigMap does',
    })
  }
  return files
}
