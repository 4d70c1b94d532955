import { isDeepStrictEqual } from 'node:util'
import {
  type AbsoluteCompilation,
  compileAbsolute,
  type EndpointValues,
  endpointConstants,
  endpointSymbols,
} from '@axoneme/bpf-programs/testing'
import type { Benchmark } from '../benchmark.ts'
import { BenchError } from '../errors.ts'
import { measureInterleaved, type Sampler, timed } from '../samples.ts'
import { type EndpointTemplate, openEndpointTemplate } from './endpoint-template.ts'
import { type LibbpfPeer, startLibbpfPeer, type Tags } from './libbpf-peer.ts'

/** Addresses whose upper bytes are zero: wider symbols would make the compilation longer than the usual one. */
const endpoint: EndpointValues = {
  id: 42,
  identity: 4242,
  ipv4: Uint8Array.of(10, 0, 0, 1),
  ifIndex: 7,
  podMac: Uint8Array.of(0x66, 0x55, 0x44, 0x33, 0, 0),
  hostMac: Uint8Array.of(0x67, 0x55, 0x44, 0x33, 0, 0),
}
/** One patch is too short for a clock. */
const patchesPerSample = 200
/** Loads are close to each other and short beside a compilation: more of them make their ratios steady. */
const loadsPerRound = 5

/**
 * What an endpoint costs: from the template, with a compilation of its own, and through libbpf. All sides end with the
 * same instructions in the kernel, which their tags prove.
 */
export const templateBenchmark: Benchmark = {
  name: 'template',
  summary: "an endpoint's programs: patched and loaded, compiled and loaded, loaded by libbpf",
  async run({ rounds, workDir, progress, signal }) {
    progress('compiling the template and the peer')
    using template = await openEndpointTemplate({
      constants: endpointConstants(endpoint),
      workDir,
      signal,
    })
    const compilation: AbsoluteCompilation = {
      config: { routingMode: 'native' },
      symbols: endpointSymbols(endpoint),
      workDir,
      signal,
    }
    await using libbpf = await startLibbpfPeer(await compileAbsolute(compilation), { workDir, signal })
    await requireEqualPrograms(template, libbpf)
    const ms = await measureInterleaved(samplers({ template, libbpf, compilation }), {
      rounds,
      onRound: (round) => progress(`round ${round} of ${rounds}`),
      signal,
    })
    return {
      ratios: {
        compile_over_patch: ms.of('compile') / ms.of('patch'),
        patch_and_load_over_bare_load: ms.of('patch_and_load') / ms.of('bare_load'),
        patch_and_load_on_one_thread_over_bare_load:
          ms.of('patch_and_load_on_one_thread') / ms.of('bare_load'),
        patch_and_load_over_libbpf: ms.of('patch_and_load') / ms.of('libbpf_load'),
        compile_and_load_over_patch_and_load: ms.of('compile_and_load') / ms.of('patch_and_load'),
      },
      figures: {
        compile_ms: ms.of('compile'),
        compile_and_load_ms: ms.of('compile_and_load'),
        patch_ms: ms.of('patch'),
        patch_and_load_ms: ms.of('patch_and_load'),
        patch_and_load_on_one_thread_ms: ms.of('patch_and_load_on_one_thread'),
        bare_load_ms: ms.of('bare_load'),
        libbpf_load_ms: ms.of('libbpf_load'),
        programs_count: template.programCount,
        instructions_count: template.instructionCount,
        rounds_count: rounds,
      },
    }
  },
}

type Sides = Readonly<{ template: EndpointTemplate; libbpf: LibbpfPeer; compilation: AbsoluteCompilation }>

function samplers({ template, libbpf, compilation }: Sides): Sampler[] {
  const patch: Sampler = async () => {
    const { ms } = timed(() => {
      for (let i = 0; i < patchesPerSample; i++) template.patch()
    })
    return { patch: ms / patchesPerSample }
  }
  const compile: Sampler = async () => {
    const startedMs = performance.now()
    const object = await compileAbsolute(compilation)
    const compiledMs = performance.now()
    using _programs = await template.loadObject(object)
    const loadedMs = performance.now()
    return { compile: compiledMs - startedMs, compile_and_load: loadedMs - startedMs }
  }
  const loads: Sampler[] = [
    async () => {
      const startedMs = performance.now()
      using _programs = await template.instantiate()
      return { patch_and_load: performance.now() - startedMs }
    },
    async () => {
      const { ms, value } = timed(() => template.instantiateSync())
      value[Symbol.dispose]()
      return { patch_and_load_on_one_thread: ms }
    },
    async () => {
      const { ms, value } = timed(() => template.loadPatched())
      for (const program of value) program.close()
      return { bare_load: ms }
    },
    async () => ({ libbpf_load: (await libbpf.load()).ms }),
  ]
  return [patch, compile, ...Array.from({ length: loadsPerRound }, () => loads).flat()]
}

/** Throws BenchError when the sides would not load the same: then no ratio means anything. */
async function requireEqualPrograms(template: EndpointTemplate, libbpf: LibbpfPeer): Promise<void> {
  using instance = await template.instantiate()
  const patched: Tags = Object.fromEntries(
    Object.entries(instance.programs).map(([name, program]) => [name, program.tag]),
  )
  const { tags } = await libbpf.load()
  if (isDeepStrictEqual(patched, tags)) return
  throw new BenchError('the template and libbpf load different instructions', {
    cause: new Error(`${JSON.stringify(patched)} and ${JSON.stringify(tags)}`),
  })
}
