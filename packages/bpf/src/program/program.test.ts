import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { EAGAIN, SyscallError } from '@axoneme/syscalls'
import { describe, expect, it } from 'vitest'
import { assemble } from '../assembler.testing.ts'
import { BtfError, ProgramRejectedError } from '../errors.ts'
import type { BpfEvent } from '../kernel/command.ts'
import { openBpfKernel } from '../kernel.ts'
import { isRoot, temporaryBpffs } from '../testing.ts'
import type { ProgramSpec } from './program-spec.ts'

const returnSeven = assemble([['mov', 0, 7], ['exit']])
const spec: ProgramSpec = { name: 'seven', type: 'sched_cls', insns: returnSeven, license: 'GPL' }

describe.runIf(isRoot)('BpfProgram', () => {
  const events: BpfEvent[] = []
  const kernel = openBpfKernel({ observe: (event) => events.push(event) })

  it('is what bpftool shows', () => {
    using program = kernel.loadProgramSync(spec)
    const shown = execFileSync('bpftool', ['-j', 'prog', 'show', 'id', String(program.id)], {
      encoding: 'utf8',
    })
    expect(JSON.parse(shown)).toMatchObject({
      type: 'sched_cls',
      name: 'seven',
      tag: program.tag,
      bytes_xlated: 16,
    })
    expect(kernel.programInfo(program.fd)).toMatchObject({
      id: program.id,
      tag: program.tag,
      name: 'seven',
      mapIds: [],
    })
    expect(kernel.programIds()).toContain(program.id)
  })

  it('names the maps that it uses', () => {
    using map = kernel.createMap({
      name: 'used',
      type: 'array',
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      flags: 0,
    })
    const insns = assemble([['loadMap', 1, map.fd], ['mov', 0, 0], ['exit']])
    using program = kernel.loadProgramSync({ ...spec, insns })
    expect(kernel.programInfo(program.fd).mapIds).toEqual([map.id])
    expect(kernel.mapInfo(map.fd)).toMatchObject({ id: map.id, name: 'used', maxEntries: 1 })
  })

  it('runs on a packet and a context', () => {
    // r2 = skb->mark; skb->cb[0] = r2; return r2
    const insns = assemble([['load32', 2, 1, 8], ['store32reg', 1, 2, 48], ['movReg', 0, 2], ['exit']])
    using program = kernel.loadProgramSync({ ...spec, insns })
    const ctxIn = Buffer.alloc(192)
    ctxIn.writeUInt32LE(77, 8)
    const data = Buffer.alloc(60, 0xab)
    const result = program.testRun({ data, ctxIn, repeat: 3 })
    expect(result.retval).toBe(77)
    expect(result.data).toEqual(data)
    expect(result.ctxOut?.readUInt32LE(48)).toBe(77)
    expect(result.durationNs).toBeGreaterThanOrEqual(0)
    expect(program.testRun({ data })).not.toHaveProperty('ctxOut')
  })

  it('refuses a packet that is too short, with the name of the program', () => {
    using program = kernel.loadProgramSync(spec)
    expect(() => program.testRun({ data: Buffer.alloc(4) })).toThrow('bpf prog_test_run seven: EINVAL')
  })

  it("carries the verifier's log when it is rejected, and asks for it only then", () => {
    events.length = 0
    kernel.loadProgramSync(spec).close()
    // One that a signal interrupted does not count.
    const loads = events.filter(({ operation, errno }) => operation === 'prog_load' && errno !== EAGAIN)
    expect(loads).toHaveLength(1)
    const bad = assemble([['load32', 0, 3, 0], ['exit']])
    const error = failureOf(() => kernel.loadProgramSync({ ...spec, name: 'bad', insns: bad }))
    expect(error).toBeInstanceOf(ProgramRejectedError)
    expect(error).toMatchObject({ code: 'BPF_PROGRAM_REJECTED', program: 'bad', errno: 13, retryable: false })
    expect((error as ProgramRejectedError).verifierLog).toContain('R3 !read_ok')
    expect((error as Error).message).toMatch(/^load program bad: EACCES; the verifier says:\n/)
    expect((error as Error).message).toContain('R3 !read_ok')
  })

  it('carries a log that is longer than the first buffer, whole', () => {
    // Thousands of instructions and then one that is refused.
    const long = Array.from({ length: 4000 }, (_, index) => ['mov', 2, index] as const)
    const insns = assemble([...long, ['load32', 0, 3, 0], ['exit']])
    const error = failureOf(() => kernel.loadProgramSync({ ...spec, insns })) as ProgramRejectedError
    expect(error).toBeInstanceOf(ProgramRejectedError)
    expect(error.verifierLog.length).toBeGreaterThan(64 * 1024)
    expect(error.verifierLog).toContain('0: (b7) r2 = 0 ')
    expect(error.verifierLog).toContain('R3 !read_ok')
    expect(error.message.split('\n').length).toBeLessThan(20)
  })

  it('refuses what is not even a program', () => {
    const load = () => kernel.loadProgramSync({ ...spec, insns: Buffer.alloc(0) })
    expect(load).toThrow(SyscallError)
    expect(load).toThrow('bpf prog_load seven: E2BIG')
  })

  it('survives in a pin', () => {
    using bpffs = temporaryBpffs()
    const path = join(bpffs.path, 'seven')
    const program = kernel.loadProgramSync(spec)
    program.pin(path)
    program.close()
    expect(kernel.programIds()).toContain(program.id)
    expect(() => program.fd).toThrow('program seven is closed')
  })

  it('is held by whoever opened it by its id, and cannot be opened when it is gone', async () => {
    const program = kernel.loadProgramSync(spec)
    const { id, tag } = program
    const held = kernel.openProgram(id)
    program.close()
    expect(held).toMatchObject({ id, tag, name: 'seven' })
    expect(held.testRun({ data: Buffer.alloc(14) }).retval).toBe(7)
    held.close()
    // The kernel frees it beside the call.
    await expect.poll(() => failureOf(() => kernel.openProgram(id))).toMatchObject({ code: 'ENOENT' })
  })
})

describe.runIf(isRoot)('loadBtf', () => {
  it('says what the kernel does not like', () => {
    const kernel = openBpfKernel()
    expect(failureOf(() => kernel.loadBtf(Buffer.alloc(64)))).toBeInstanceOf(BtfError)
  })
})

function failureOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}
