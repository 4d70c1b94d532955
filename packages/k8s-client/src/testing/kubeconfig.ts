import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A kubeconfig in a directory of its own, which goes with it. JSON is YAML. */
export async function writeKubeconfig(
  server: string,
  { user = { token: 'secret' }, cluster = {} }: { user?: unknown; cluster?: object } = {},
): Promise<AsyncDisposable & { path: string; dir: string; rewrite(newUser: unknown): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), `axoneme-kubeconfig-${process.pid}-`))
  const path = join(dir, 'config')
  const write = (withUser: unknown) =>
    writeFile(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'me' } }],
        clusters: [{ name: 'test', cluster: { server, ...cluster } }],
        users: [{ name: 'me', user: withUser }],
      }),
    )
  await write(user)
  return {
    path,
    dir,
    rewrite: write,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
