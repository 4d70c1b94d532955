import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { KvstoreError } from '../errors.ts'
import type { EtcdCredentials } from './connection.ts'

/** Paths; an empty one is not given. PEM but for the password, whose last line break does not count. */
export type EtcdCredentialFiles = Readonly<{
  /** Authorities of the servers; without it the system's are asked. */
  caFile: string
  /** What this client shows; both or none. */
  certFile: string
  keyFile: string
  /** A name, not a file; with `passwordFile` or not at all. */
  username: string
  passwordFile: string
}>

const fileLimitBytes = 1024 * 1024

/**
 * Rejects with KVSTORE_INVALID: retryable, and naming the file, when one cannot be read or they do not go together; final
 * when one is missing among the options.
 */
export async function readCredentials(files: EtcdCredentialFiles): Promise<EtcdCredentials> {
  const { caFile, certFile, keyFile, username, passwordFile } = files
  if ((certFile === '') !== (keyFile === '')) {
    throw invalid('a client certificate needs both kvstore-cert-file and kvstore-key-file', {
      retryable: false,
    })
  }
  if ((username === '') !== (passwordFile === '')) {
    throw invalid('a login needs both kvstore-username and kvstore-password-file', { retryable: false })
  }
  const [ca, cert, key, password] = await Promise.all([caFile, certFile, keyFile, passwordFile].map(read))
  if (cert !== undefined || key !== undefined || ca !== undefined) {
    try {
      // A context takes authorities that are none without a word.
      if (ca !== undefined) new X509Certificate(ca)
      createSecureContext({ ca, cert, key })
    } catch (error) {
      const names = [caFile, certFile, keyFile].filter((name) => name !== '').join(', ')
      throw invalid(`no PEM files that go together: ${names}`, { cause: error })
    }
  }
  const text = password?.toString().replace(/\r?\n$/, '')
  return {
    tls: cert === undefined && ca === undefined ? undefined : { ca, cert, key },
    auth: text === undefined ? undefined : { username, password: text },
  }
}

export function areSameCredentials(a: EtcdCredentials, b: EtcdCredentials): boolean {
  const parts = ({ tls, auth }: EtcdCredentials) =>
    [tls?.ca, tls?.cert, tls?.key]
      .map((part) => part?.toString('base64'))
      .concat(auth?.username, auth?.password)
  return JSON.stringify(parts(a)) === JSON.stringify(parts(b))
}

async function read(path: string): Promise<Buffer | undefined> {
  if (path === '') return undefined
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw invalid(`cannot read ${path}`, { cause: error })
  }
  if (bytes.length > 0 && bytes.length <= fileLimitBytes) return bytes
  throw invalid(`${path} has ${bytes.length} bytes, not 1 to ${fileLimitBytes}`)
}

/** Retryable by default: a file may be about to be written. */
function invalid(hint: string, options: { cause?: unknown; retryable?: boolean } = {}): KvstoreError {
  return new KvstoreError('KVSTORE_INVALID', {
    operation: 'read credentials',
    key: '',
    hint,
    retryable: true,
    ...options,
  })
}
