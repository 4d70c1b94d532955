import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { EINVAL } from '@axoneme/syscalls'
import { describe, expect, it } from 'vitest'
import { assemble } from '../assembler.testing.ts'
import { attachTcx } from '../attach/tcx.ts'
import { ProgramRejectedError } from '../errors.ts'
import { BpfCommands, type BpfOperation } from '../kernel/command.ts'
import { openBpfKernel } from '../kernel.ts'
import { createMap } from '../map/open-map.ts'
import { loadProgramSync } from '../program/load-program.ts'
import type { ProgramSpec } from '../program/program-spec.ts'
import { isRoot } from '../testing.ts'
import { KernelFeatureError } from './missing.ts'
import { probeBatch, probeMapType } from './probe-maps.ts'
import { probeDeviceAttachType } from './probe-network.ts'
import { probeHelper, probeProgramType } from './probe-programs.ts'
import { probeFeatures } from './report.ts'
import { allFeatures, type FeatureName, featureNamed } from './table.ts'

const noKernelHas = 9999
const overrideReturn = 58
const redirectPeer = 155
const commands = new BpfCommands(undefined)

type BpftoolFeatures = {
  program_types: Record<string, boolean>
  map_types: Record<string, boolean>
  misc: Record<string, boolean>
  helpers: { sched_cls_available_helpers: string[] }
}

/** What bpftool finds out by probes of its own, under our names. */
function bpftoolFeatures(): Partial<Record<FeatureName, boolean>> {
  const text = execFileSync('bpftool', ['-j', 'feature', 'probe', 'kernel'], { encoding: 'utf8' })
  const { program_types, map_types, misc, helpers } = JSON.parse(text) as BpftoolFeatures
  return Object.fromEntries(
    allFeatures.flatMap(({ name, mapType, helper }): [string, boolean | undefined][] => {
      if (mapType !== undefined) return [[name, map_types[`have_${mapType}_map_type`]]]
      if (helper !== undefined) {
        return [[name, helpers.sched_cls_available_helpers.includes(name.replace('helper_', 'bpf_'))]]
      }
      if (name === 'program_sched_cls') return [[name, program_types.have_sched_cls_prog_type]]
      return name === 'cpu_v3' ? [[name, misc.have_v3_isa_extension]] : []
    }),
  )
}

/** Whether the kernel's own types have an enumerator of that name. */
function kernelTypesHave(enumerator: string): boolean {
  return readFileSync('/sys/kernel/btf/vmlinux').includes(`\0${enumerator}\0`)
}

/** What this process holds of programs, maps, BTF and namespaces. */
function kernelObjects(): string[] {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      // Of the directory that was read.
      return ''
    }
  })
  return links.filter((link) => /bpf|btf|net:/.test(link))
}

describe.runIf(isRoot)('features of this kernel', () => {
  it('are those that bpftool finds', async () => {
    const { features } = await probeFeatures(openBpfKernel())
    const oracle = bpftoolFeatures()
    const asked = features.filter(({ name }) => Object.hasOwn(oracle, name))
    expect(asked.length).toBeGreaterThan(20)
    expect(Object.fromEntries(asked.map(({ name, present }) => [name, present]))).toEqual(oracle)
  })

  it.each([
    ['tcx', 'BPF_TCX_INGRESS'],
    ['map_ringbuf', 'BPF_MAP_TYPE_RINGBUF'],
    ['map_batch', 'BPF_MAP_UPDATE_BATCH'],
    ['map_freeze', 'BPF_MAP_FREEZE'],
  ] as const)('have %s where its types have %s', (name, enumerator) => {
    expect(featureNamed(name).probe(commands)).toBe(kernelTypesHave(enumerator))
  })

  it('leave nothing behind', async () => {
    // A worker runs the tests of many files.
    const before = kernelObjects()
    await probeFeatures(openBpfKernel())
    expect(kernelObjects()).toEqual(before)
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`axo-probe-${process.pid}-`))).toEqual([])
  })

  it('are not found missing because nobody may ask', () => {
    const script = `
      const { openBpfKernel } = await import(${JSON.stringify(new URL('../kernel.ts', import.meta.url).href)})
      process.setuid(65534)
      try {
        console.log(openBpfKernel().hasFeature(process.argv[1]))
      } catch (error) {
        console.log(error.message)
      }`
    const ask = (name: FeatureName) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script, name], { encoding: 'utf8' }).trim()
    expect(ask('program_sched_cls')).toBe('bpf prog_load axo_probe: EPERM')
    expect(ask('map_lru_hash')).toBe('bpf map_create axo_probe: EPERM')
    expect(ask('veth')).toContain('EPERM')
  })
})

describe.runIf(isRoot)('what no kernel has', () => {
  it.each([
    ['a helper', probeHelper(noKernelHas)],
    ['a helper of other programs', probeHelper(overrideReturn)],
    ['a program type', probeProgramType(noKernelHas)],
    ['a map type', probeMapType(noKernelHas)],
    ['batches on a ring buffer', probeBatch('ringbuf')],
    ['an attach type', probeDeviceAttachType(noKernelHas)],
    ['an attach type that is for no device', probeDeviceAttachType(0)],
  ])('is absent: %s', (_, probe) => {
    expect(probe(commands)).toBe(false)
  })
})

/** The kernel, but for calls that it refuses as one does that does not know what is asked. */
class OlderKernel extends BpfCommands {
  readonly #isUnknown: (call: { operation: BpfOperation; object: string; attr: Buffer }) => boolean

  constructor(isUnknown: (call: { operation: BpfOperation; object: string; attr: Buffer }) => boolean) {
    super(undefined)
    this.#isUnknown = isUnknown
  }

  override try(operation: BpfOperation, object: string, attr: Buffer): number {
    return this.#isUnknown({ operation, object, attr }) ? -EINVAL : super.try(operation, object, attr)
  }
}

describe.runIf(isRoot)('what an older kernel refuses names the version that has it', () => {
  const insns = assemble([['call', noKernelHas], ['call', redirectPeer], ['mov', 0, 0], ['exit']])
  const spec: ProgramSpec = { name: 'deliver', type: 'sched_cls', insns, license: 'GPL' }
  /** Helpers are probed by three instructions. */
  const withoutHelpers = new OlderKernel(
    ({ operation, object, attr }) =>
      operation === 'prog_load' && object === 'axo_probe' && attr.readUInt32LE(4) === 3,
  )

  it('of a map type', () => {
    const kernel = new OlderKernel(
      ({ operation, attr }) => operation === 'map_create' && attr.readUInt32LE(0) === 27,
    )
    const ring = {
      name: 'events',
      type: 'ringbuf',
      keySize: 0,
      valueSize: 0,
      maxEntries: 65_536,
      flags: 0,
    } as const
    const error = failureOf(() => createMap(kernel, ring))
    expect(error).toBeInstanceOf(KernelFeatureError)
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^kernel \S+ lacks BPF maps of type ringbuf \(in Linux since 5\.8\), needed for events of the datapath$/,
      ),
      features: ['map_ringbuf'],
      cause: { message: 'bpf map_create events: EINVAL' },
      hint: 'run Linux 5.8 or newer',
    })
    // A type that is there, with sizes that are wrong.
    const wrong = failureOf(() => createMap(kernel, { ...ring, type: 'hash' }))
    expect(wrong).toMatchObject({ message: 'bpf map_create events: EINVAL', code: 'EINVAL' })
  })

  it('of a helper, behind what the verifier says', () => {
    const error = failureOf(() => loadProgramSync(withoutHelpers, spec))
    expect(error).toBeInstanceOf(ProgramRejectedError)
    expect(error).toMatchObject({
      errno: EINVAL,
      cause: {
        message: expect.stringContaining('lacks the BPF helper bpf_redirect_peer (in Linux since 5.10)'),
        cause: { message: 'bpf prog_load deliver: EINVAL' },
      },
    })
  })

  it('but not of a program that is wrong by itself', () => {
    expect(failureOf(() => loadProgramSync(commands, spec))).toMatchObject({
      code: 'BPF_PROGRAM_REJECTED',
      cause: { message: 'bpf prog_load deliver: EINVAL' },
    })
    const unread = assemble([['load32', 0, 3, 0], ['exit']])
    expect(failureOf(() => loadProgramSync(withoutHelpers, { ...spec, insns: unread }))).toMatchObject({
      code: 'BPF_PROGRAM_REJECTED',
      cause: { message: 'bpf prog_load deliver: EACCES' },
    })
  })

  it('of tcx', () => {
    const kernel = new OlderKernel(({ operation }) => operation === 'link_create')
    using program = loadProgramSync(kernel, { ...spec, insns: assemble([['mov', 0, 0], ['exit']]) })
    const error = failureOf(() => attachTcx(kernel, { program, ifIndex: 1, direction: 'ingress' }))
    expect(error).toMatchObject({
      code: 'KERNEL_FEATURE',
      message: expect.stringContaining('lacks tcx links (in Linux since 6.6)'),
      hint: 'attach by clsact, or run Linux 6.6 or newer',
    })
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
