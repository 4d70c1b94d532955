import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeError } from '@axoneme/lifecycle'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { formatKubeconfig, readKubeconfig, throughFabric } from './kubeconfig.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'axo-kubeconfig-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(text: string): string {
  const path = join(directory, 'config')
  writeFileSync(path, text)
  return path
}

const good = `
current-context: a
contexts: [{ name: a, context: { cluster: c, user: u, namespace: n } }]
clusters: [{ name: c, cluster: { server: 'https://cluster.example:6443', certificate-authority: ca.crt } }]
users: [{ name: u, user: { client-key-data: a2V5, client-certificate: cert.pem } }]
`

describe('kubeconfig', () => {
  it('reads files in and goes through the fabric under the old name', () => {
    writeFileSync(join(directory, 'ca.crt'), 'CA')
    writeFileSync(join(directory, 'cert.pem'), 'CERT')
    const text = formatKubeconfig(throughFabric(readKubeconfig(write(good))), 'x')
    expect(parse(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
      clusters: [
        {
          name: 'x',
          cluster: {
            server: 'https://172.31.0.1:6443',
            'tls-server-name': 'cluster.example',
            'certificate-authority-data': Buffer.from('CA').toString('base64'),
          },
        },
      ],
      users: [
        {
          name: 'x',
          user: {
            'client-key-data': 'a2V5',
            'client-certificate-data': Buffer.from('CERT').toString('base64'),
          },
        },
      ],
    })
  })

  it('keeps a name that was given for the certificate', () => {
    const named = good.replace('certificate-authority: ca.crt', 'tls-server-name: other')
    writeFileSync(join(directory, 'cert.pem'), 'CERT')
    expect(throughFabric(readKubeconfig(write(named))).cluster['tls-server-name']).toBe('other')
  })

  it.each([
    { name: 'no YAML', text: '{', message: '' },
    {
      name: 'no context',
      text: good.replace('current-context: a', 'current-context: b'),
      message: "no context named 'b'",
    },
    { name: 'no current context', text: good.replace('current-context: a', ''), message: 'current-context' },
    { name: 'no address', text: good.replace('https://cluster.example:6443', 'nowhere'), message: 'nowhere' },
    { name: 'another scheme', text: good.replace('https:', 'ftp:'), message: 'ftp:' },
    { name: 'a missing file', text: good, message: 'ca.crt' },
  ])('refuses $name in one sentence', ({ text, message }) => {
    const path = write(text)
    let failure: unknown
    try {
      readKubeconfig(path)
    } catch (error) {
      failure = error
    }
    const sentence = describeError(failure)
    expect(sentence).toContain(path)
    expect(sentence).toContain(message)
  })

  it('refuses a file that is not there', () => {
    expect(() => readKubeconfig(join(directory, 'none'))).toThrow(/read kubeconfig/)
  })
})
