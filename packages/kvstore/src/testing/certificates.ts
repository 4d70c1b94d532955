import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An authority of a test's own, in a directory that goes when it is disposed of. */
export type TestAuthority = Disposable & {
  readonly directory: string
  readonly caFile: string
  /** A certificate for `127.0.0.1` and `localhost`, for servers and clients; PEM files. */
  issue(commonName: string): { certFile: string; keyFile: string }
}

/** By the `openssl` of the machine. */
export function createAuthority(): TestAuthority {
  const directory = mkdtempSync(join(tmpdir(), `axoneme-tls-${process.pid}-`))
  const file = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '1')
  writeFileSync(
    file('extensions'),
    'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n',
  )
  return {
    directory,
    caFile: file('ca.crt'),
    issue(name) {
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial']
      const lifetime = ['-extfile', 'extensions', '-days', '1']
      openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.crt`, ...authority, ...lifetime)
      return { certFile: file(`${name}.crt`), keyFile: file(`${name}.key`) }
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}
