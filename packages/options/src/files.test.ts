import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readOptionFiles } from './files.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), `axoneme-options-${process.pid}-`))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

it('reads a directory laid out as the kubelet mounts a ConfigMap', async () => {
  await mkdir(join(directory, '..2026'))
  await writeFile(join(directory, '..2026', 'api-port'), '9\n')
  await symlink('..2026', join(directory, '..data'))
  await symlink('..data/api-port', join(directory, 'api-port'))
  expect(await readOptionFiles(directory)).toEqual({ 'api-port': '9\n' })
})

it('names the directory that cannot be read', async () => {
  await expect(readOptionFiles(join(directory, 'none'))).rejects.toMatchObject({
    code: 'OPTIONS_DIRECTORY',
    message: `read option files in ${join(directory, 'none')}`,
  })
})

it('refuses a huge file', async () => {
  await writeFile(join(directory, 'big'), 'x'.repeat(65_537))
  await expect(readOptionFiles(directory)).rejects.toMatchObject({ code: 'OPTIONS_DIRECTORY' })
})
