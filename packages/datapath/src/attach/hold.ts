import type { BpfKernel } from '@axoneme/bpf'
import type { Attacher, HeldProgram, Hook } from './attacher.ts'

/** `hold` of an attacher by its other parts: the descriptor keeps the program from ending while another has its place. */
export function holdBy(
  kernel: BpfKernel,
  { decidingId, attach }: Pick<Attacher, 'decidingId' | 'attach'>,
): (hook: Hook) => HeldProgram | undefined {
  return (hook) => {
    const id = decidingId(hook)
    if (id === undefined) return undefined
    const program = kernel.openProgram(id)
    return { restore: () => attach(hook, program), [Symbol.dispose]: () => program.close() }
  }
}
