import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isRoot, type TemporaryPath, temporaryDirectory } from '../testing.ts'
import { hasFeature } from './report.ts'
import { loadFeatures } from './saved-report.ts'
import type { FeatureName } from './table.ts'

const running = { bootId: '83e036ad-f63f-46f2-9027-37ed392863c0', kernelRelease: '6.18.1' }

/** A kernel that counts what it is asked, and has everything but what a test says, whatever this one has. */
function countingKernel({ without = [] }: { without?: readonly FeatureName[] } = {}) {
  const asked: FeatureName[] = []
  return {
    asked,
    hasFeature(name: FeatureName) {
      asked.push(name)
      return !without.includes(name)
    },
  }
}

describe.runIf(isRoot)('loadFeatures', () => {
  let directory: TemporaryPath
  let path: string
  beforeEach(() => {
    directory = temporaryDirectory()
    path = join(directory.path, 'state', 'kernel-features.json')
  })
  afterEach(() => directory[Symbol.dispose]())

  const load = async (options: Partial<Parameters<typeof loadFeatures>[0]> = {}) => {
    const kernel = countingKernel()
    const loaded = await loadFeatures({ kernel, path, running, ...options })
    return { ...loaded, asked: kernel.asked }
  }
  it('tries everything once, and keeps what it found for root alone', async () => {
    const first = await load()
    expect(first).toMatchObject({ problem: undefined, report: { kernelRelease: '6.18.1' } })
    expect(first.triedCount).toBe(first.report.features.length)
    expect(first.asked).toHaveLength(first.triedCount)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory.path, 'state')).mode & 0o777).toBe(0o700)
    const second = await load()
    expect(second).toMatchObject({ triedCount: 0, asked: [], problem: undefined })
    expect(second.report).toEqual(first.report)
  })

  it('takes the boot and the release of the kernel that runs', async () => {
    await loadFeatures({ kernel: countingKernel(), path })
    expect(await loadFeatures({ kernel: countingKernel(), path })).toMatchObject({ triedCount: 0 })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      kernelRelease: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    })
  })

  it.each([
    ['another boot', { running: { ...running, bootId: 'another' } }],
    ['another kernel', { running: { ...running, kernelRelease: '6.1.0' } }],
  ])('tries everything anew after %s, and keeps that', async (_, options) => {
    const { report } = await load()
    const all = { triedCount: report.features.length, problem: undefined }
    expect(await load(options)).toMatchObject(all)
    expect(await load(options)).toMatchObject({ triedCount: 0 })
    expect(await load()).toMatchObject(all)
  })

  it('tries what was missing each time, as a module may bring it, and keeps it then', async () => {
    const kernel = countingKernel({ without: ['veth', 'tcx'] })
    expect(hasFeature((await load({ kernel })).report, 'veth')).toBe(false)
    const still = countingKernel({ without: ['veth', 'tcx'] })
    expect(await load({ kernel: still })).toMatchObject({ triedCount: 2, problem: undefined })
    expect(still.asked).toEqual(['tcx', 'veth'])
    const { report, asked } = await load()
    expect(asked).toEqual(['tcx', 'veth'])
    expect(hasFeature(report, 'veth')).toBe(true)
    expect(await load()).toMatchObject({ triedCount: 0, report })
  })

  it('tries what an agent before did not ask, and has no use for what only that asked', async () => {
    const { report } = await load()
    const { found, ...saved } = JSON.parse(readFileSync(path, 'utf8')) as { found: string[] }
    const changed = [...found.filter((name) => name !== 'btf'), 'netkit', '__proto__']
    writeFileSync(path, JSON.stringify({ ...saved, found: changed }))
    expect(await load()).toMatchObject({ asked: ['btf'], report })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ ...saved, found })
  })

  it.each([
    ['nothing', ''],
    ['half of it', '{"version":1,"bootId":"83e0'],
    ['no object', '[]'],
    ['too little', '{"version":1}'],
    ['another format', JSON.stringify({ version: 2, ...running, found: [] })],
    ['no names', JSON.stringify({ version: 1, ...running, found: [7] })],
    ['a foreign field', JSON.stringify({ version: 1, ...running, found: [], also: 1 })],
    ['far too much', JSON.stringify({ version: 1, ...running, found: ['x'.repeat(70_000)] })],
    ['no text', Buffer.from('ff00fe', 'hex')],
  ])('says what is wrong with a file with %s, tries everything and replaces it', async (_, content) => {
    const { report } = await load()
    writeFileSync(path, content)
    const { triedCount, problem } = await load()
    expect(triedCount).toBe(report.features.length)
    expect(problem).toMatchObject({ code: 'KERNEL_FEATURE_FILE', message: `read ${path}` })
    expect(await load()).toMatchObject({ triedCount: 0, problem: undefined })
  })

  it('works where nothing can be kept, and says so', async () => {
    writeFileSync(join(directory.path, 'state'), 'a file where the directory should be')
    const { problem, report } = await load()
    expect(problem).toMatchObject({ code: 'KERNEL_FEATURE_FILE' })
    expect(hasFeature(report, 'map_hash')).toBe(true)
  })

  it('replaces a file that others could read', async () => {
    mkdirSync(join(directory.path, 'state'))
    writeFileSync(path, '{}')
    chmodSync(path, 0o644)
    await load()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})
