import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { openNetlink } from '@axoneme/netlink'
import { withNetns } from '@axoneme/syscalls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assemble } from '../assembler.testing.ts'
import { unpin } from '../kernel/pin.ts'
import { openBpfKernel } from '../kernel.ts'
import type { BpfProgram } from '../program/program.ts'
import { isRoot, type TemporaryPath, temporaryBpffs, temporaryNetns } from '../testing.ts'
import { attachClsact } from './clsact.ts'

/** The loopback device of the test's own namespace. */
const ifIndex = 1

describe.runIf(isRoot)('attaching', () => {
  const kernel = openBpfKernel()
  let opened: DisposableStack
  let netns: TemporaryPath
  let first: BpfProgram
  let second: BpfProgram
  beforeEach(() => {
    opened = new DisposableStack()
    netns = opened.use(temporaryNetns())
    const load = (name: string, value: number) =>
      opened.use(
        kernel.loadProgramSync({
          name,
          type: 'sched_cls',
          insns: assemble([['mov', 0, value], ['exit']]),
          license: 'GPL',
        }),
      )
    first = load('first', 0)
    second = load('second', 1)
  })
  afterEach(() => opened.dispose())
  const inNetns = <T>(run: () => T): T => withNetns(netns.path, run)

  /** Ids of the programs on the device as bpftool sees them. */
  const attachedPrograms = (kinds: string): number[] => {
    const text = inNetns(() => execFileSync('bpftool', ['-j', 'net', 'show'], { encoding: 'utf8' }))
    const [{ tc }] = JSON.parse(text) as [{ tc: { kind: string; id: number }[] }]
    return tc.filter(({ kind }) => kind.includes(kinds)).map(({ id }) => id)
  }

  if (kernelHasTcx()) {
    describe('by tcx', () => {
      it('shows the program and the device, and swaps the program in place', () => {
        using link = inNetns(() => kernel.attachTcx({ program: first, ifIndex, direction: 'ingress' }))
        expect(kernel.linkInfo(link.fd)).toMatchObject({
          id: link.id,
          programId: first.id,
          ifIndex,
          attachType: 46,
        })
        link.update(second)
        expect(kernel.linkInfo(link.fd).programId).toBe(second.id)
        using egress = inNetns(() => kernel.attachTcx({ program: first, ifIndex, direction: 'egress' }))
        expect(kernel.linkInfo(egress.fd)).toMatchObject({ programId: first.id, attachType: 47 })
      })

      it('survives in a pin, and ends when that goes', () => {
        using bpffs = temporaryBpffs()
        const path = join(bpffs.path, 'link')
        const link = inNetns(() => kernel.attachTcx({ program: first, ifIndex, direction: 'ingress' }))
        link.pin(path)
        link.close()
        const again = kernel.openPinnedLink(path)
        expect(again.id).toBe(link.id)
        again.update(second)
        expect(kernel.linkInfo(again.fd)).toMatchObject({ ifIndex, programId: second.id })
        expect(unpin(path)).toBe(true)
        expect(unpin(path)).toBe(false)
        again.close()
        expect(() => kernel.openPinnedLink(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
      })

      it('names program, direction and device when the device is not there', () => {
        const attach = () =>
          inNetns(() => kernel.attachTcx({ program: first, ifIndex: 4711, direction: 'egress' }))
        expect(attach).toThrow('bpf link_create first on egress of interface 4711: ENODEV')
      })
    })
  } else {
    it('by tcx is refused, with the version that has it', () => {
      const attach = () => inNetns(() => kernel.attachTcx({ program: first, ifIndex, direction: 'ingress' }))
      expect(attach).toThrow(expect.objectContaining({ code: 'KERNEL_FEATURE', features: ['tcx'] }))
    })
  }

  it('by clsact shows the program, swaps it in place and takes it away', () => {
    using netlink = openNetlink({ netns: netns.path })
    const filter = attachClsact({ netlink, program: first, ifIndex, direction: 'egress' })
    expect(attachedPrograms('clsact')).toEqual([first.id])
    filter.update(second)
    expect(attachedPrograms('clsact')).toEqual([second.id])
    // A restarted agent attaches again: one filter, not two.
    const again = attachClsact({ netlink, program: first, ifIndex, direction: 'egress' })
    expect(netlink.filters(ifIndex, 'egress')).toMatchObject([{ programId: first.id, name: 'first' }])
    again.detach()
    again.detach()
    expect(attachedPrograms('clsact')).toEqual([])
  })
})

function kernelHasTcx(): boolean {
  return isRoot && openBpfKernel().hasTcx()
}
