import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBpfKernel } from '../kernel.ts'
import { isRoot, type TemporaryPath, temporaryDirectory } from '../testing.ts'
import { hasFeature } from './report.ts'
import { loadFeatures } from './saved-report.ts'
import type { FeatureName } from './table.ts'

const running = { bootId: '83e036ad-f63f-46f2-9027-37ed392863c0', kernelRelease: '6.18.1' }

/** This kernel, which counts what it is asked, and answers no where a test says so. */
function countingKernel({ without = [] }: { without?: readonly FeatureName[] } = {}) {
  const kernel = openBpfKernel()
  const asked: FeatureName[] = []
  return {
    asked,
    hasFeature(name: FeatureName) {
      asked.push(name)
      return !without.includes(name) && kernel.hasFeature(name)
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
    return { ...loaded, asked: kernel.asked.length }
  }
  const edit = (change: (saved: Record<string, unknown>) => void) => {
    const saved = JSON.parse(readFileSync(path, 'utf8'))
    change(saved)
    writeFileSync(path, JSON.stringify(saved))
  }

  it('asks the kernel once, and keeps the answers for root alone', async () => {
    const first = await load()
    expect(first).toMatchObject({ origin: 'probed', problem: undefined, report: { kernelRelease: '6.18.1' } })
    expect(first.asked).toBe(first.report.features.length)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory.path, 'state')).mode & 0o777).toBe(0o700)
    const second = await load()
    expect(second).toMatchObject({ origin: 'saved', asked: 0 })
    expect(second.report).toEqual(first.report)
  })

  it('takes the boot and the release of the kernel that runs', async () => {
    await loadFeatures({ kernel: countingKernel(), path })
    const kernel = countingKernel()
    expect(await loadFeatures({ kernel, path })).toMatchObject({ origin: 'saved' })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      kernelRelease: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
    })
  })

  it.each([
    ['another boot', { running: { ...running, bootId: 'another' } }],
    ['another kernel', { running: { ...running, kernelRelease: '6.1.0' } }],
  ])('asks anew after %s, and keeps that', async (_, options) => {
    await load()
    expect(await load(options)).toMatchObject({ origin: 'probed', problem: undefined })
    expect(await load(options)).toMatchObject({ origin: 'saved', asked: 0 })
    expect(await load()).toMatchObject({ origin: 'probed' })
  })

  it.each<[string, (present: Record<string, boolean>) => void]>([
    ['asked less', (present) => delete present.tcx],
    ['asked more', (present) => Object.assign(present, { netkit: true })],
    [
      'asked something else',
      (present) => {
        delete present.tcx
        present.netkit = true
      },
    ],
  ])('asks anew where an agent before %s', async (_, change) => {
    await load()
    edit(({ present }) => change(present as Record<string, boolean>))
    expect(await load()).toMatchObject({ origin: 'probed', problem: undefined })
    expect(await load()).toMatchObject({ origin: 'saved' })
  })

  it.each([
    ['nothing', ''],
    ['half of it', '{"version":1,"bootId":"83e0'],
    ['no object', '[]'],
    ['too little', '{"version":1}'],
    ['another format', JSON.stringify({ version: 2, ...running, present: {} })],
    ['no booleans', JSON.stringify({ version: 1, ...running, present: { tcx: 'yes' } })],
    ['a foreign field', JSON.stringify({ version: 1, ...running, present: {}, also: 1 })],
    ['far too much', ' '.repeat(70_000)],
    ['no text', Buffer.from('ff00fe', 'hex')],
  ])('says what is wrong with a file with %s, asks anew and replaces it', async (_, content) => {
    await load()
    writeFileSync(path, content)
    const { origin, problem } = await load()
    expect(origin).toBe('probed')
    expect(problem).toMatchObject({ code: 'KERNEL_FEATURE_FILE', message: `read ${path}` })
    expect(await load()).toMatchObject({ origin: 'saved', asked: 0 })
  })

  it('believes what is saved only of names that it knows', async () => {
    await load()
    edit(({ present }) => Object.assign(present as object, { tcx: false }))
    const { origin, report } = await load()
    expect(origin).toBe('saved')
    expect(hasFeature(report, 'tcx')).toBe(false)
  })

  it('asks again each time while something required is missing', async () => {
    const kernel = countingKernel({ without: ['veth'] })
    expect(await load({ kernel })).toMatchObject({ origin: 'probed', problem: undefined })
    expect(existsSync(path)).toBe(false)
    expect(await load()).toMatchObject({ origin: 'probed' })
    expect(await load()).toMatchObject({ origin: 'saved' })
  })

  it('works where nothing can be kept, and says so', async () => {
    writeFileSync(join(directory.path, 'state'), 'a file where the directory should be')
    const { origin, problem, report } = await load()
    expect(origin).toBe('probed')
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
