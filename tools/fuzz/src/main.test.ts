import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minimalObjects } from './corpus/minimal-objects.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `axo-fuzz-test-${process.pid}-`))
})
afterEach(() => rmSync(directory, { recursive: true }))

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: string; stderr: string }>()
  const child = execFile('node', [join(import.meta.dirname, 'main.ts'), ...args], (_error, stdout, stderr) =>
    resolve({ code: child.exitCode ?? -1, stdout, stderr }),
  )
  return promise
}

describe('fuzz', () => {
  it('runs 20,000 executions without a finding and reaches nearly all there is', async () => {
    const { code, stdout, stderr } = await run(
      'elf',
      '--executions',
      '20_000',
      '--seed',
      '1',
      '--json',
      '--findings',
      directory,
    )
    const report = JSON.parse(stdout)
    expect({ ...report, stderr: code === 0 ? '' : stderr }).toMatchObject({
      executions: 20_000,
      seed: 1,
      findings: [],
      stderr: '',
    })
    expect(code).toBe(0)
    expect(report.outcomes).toBeGreaterThan(80)
    expect(report.branches / report.branchesInAll).toBeGreaterThan(0.85)
  }, 300_000)

  it('runs 10,000 executions of what an apiserver sends without a finding', async () => {
    const { code, stdout, stderr } = await run(
      ...['slim', '--executions', '10_000', '--seed', '1', '--json', '--findings', directory],
    )
    const report = JSON.parse(stdout)
    expect({ ...report, stderr: code === 0 ? '' : stderr }).toMatchObject({ findings: [], stderr: '' })
    expect(code).toBe(0)
    expect(report.branches / report.branchesInAll).toBeGreaterThan(0.75)
  }, 300_000)

  it('says what becomes of single inputs', async () => {
    const good = join(directory, 'good.o')
    const bad = join(directory, 'bad.o')
    writeFileSync(good, minimalObjects().get('rodata')!)
    writeFileSync(bad, 'no object')
    const { code, stdout } = await run('elf', good, bad)
    expect(code).toBe(0)
    expect(stdout).toBe(
      `${good}: accepted: sched_cls: 0 maps, 1 data, 0 constants; 1 programs, 0 maps, 1 data sections\n${bad}: refused: not an ELF file\n`,
    )
  })

  it.each([
    [['elf', '--executions', 'many'], '--executions many: not a whole number'],
    [['elf', '--feedback', 'luck'], '--feedback luck (there is both, branches, outcomes, none)'],
    [['mail'], 'no target is called mail (there is elf, slim)'],
    [[], 'no target (there is elf, slim)'],
    [['elf', '--colour'], "Unknown option '--colour'"],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
  })
})
