import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockFile, tryLockFile } from './file-lock.ts'
import { discard } from './private-directory.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `axo-lock-${process.pid}-`))
  mkdirSync(join(directory, 'entry'))
  path = join(directory, 'entry', 'lock')
})
afterEach(() => rmSync(directory, { recursive: true }))

const signal = AbortSignal.timeout(20_000)

it.each([
  { held: 'exclusive', asked: 'exclusive', isGiven: false },
  { held: 'exclusive', asked: 'shared', isGiven: false },
  { held: 'shared', asked: 'exclusive', isGiven: false },
  { held: 'shared', asked: 'shared', isGiven: true },
] as const)('a lock that is held $held is given $asked: $isGiven', async ({ held, asked, isGiven }) => {
  await using first = await tryLockFile(path, held)
  expect(first).toBeDefined()
  await using second = await tryLockFile(path, asked)
  expect(second !== undefined).toBe(isGiven)
})

it('is given to one after the other', async () => {
  const order: string[] = []
  const work = async (name: string) => {
    await using lock = await lockFile(path, { signal })
    expect(lock).toBeDefined()
    order.push(`${name} begins`)
    await new Promise(setImmediate)
    order.push(`${name} ends`)
  }
  await Promise.all(['a', 'b', 'c'].map(work))
  for (let index = 0; index < order.length; index += 2) {
    expect(order[index + 1]).toBe(order[index]?.replace('begins', 'ends'))
  }
})

it('is no lock any more once its directory was replaced', async () => {
  const held = await tryLockFile(path, 'exclusive')
  const waiting = lockFile(path, { signal })
  await discard(join(directory, 'entry'))
  mkdirSync(join(directory, 'entry'))
  await using fresh = await tryLockFile(path, 'exclusive')
  expect(fresh).toBeDefined()
  await held?.[Symbol.asyncDispose]()
  expect(await waiting).toBeUndefined()
})

it('is none where there is no directory', async () => {
  const nowhere = join(directory, 'nowhere', 'lock')
  expect(await lockFile(nowhere, { signal })).toBeUndefined()
  expect(await tryLockFile(nowhere, 'shared')).toBeUndefined()
})

it('replaces what is no file', async () => {
  symlinkSync('/dev/null', path)
  await using lock = await tryLockFile(path, 'exclusive')
  expect(lock).toBeDefined()
})

it('is not waited for after the signal', async () => {
  await using _held = await tryLockFile(path, 'exclusive')
  const controller = new AbortController()
  const waiting = lockFile(path, { signal: controller.signal })
  controller.abort(new Error('stop'))
  await expect(waiting).rejects.toThrow('stop')
})
