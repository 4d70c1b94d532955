import type { Target } from '../target.ts'
import { elfSeeds } from './seeds.ts'

export const elfTarget: Target = {
  name: 'elf',
  summary: 'objects, their BTF, the plans made of them, and the patching of these',
  module: new URL('./execute.ts', import.meta.url),
  mutations: new URL('../mutate/mutate.ts', import.meta.url),
  guidedBy: /\/packages\/(bpf-templater\/src\/(elf|plan|template\/(patch|constant-values))|bpf\/src\/btf)\//,
  seeds: elfSeeds,
}
