import { type CPeer, startCPeer } from '../c-peer.ts'
import { BenchError } from '../errors.ts'

/** Tags of programs by name: equal tags are equal instructions. */
export type Tags = Readonly<Record<string, string>>

export type LibbpfPeer = AsyncDisposable & Readonly<{ load(): Promise<{ ms: number; tags: Tags }> }>

/** libbpf, loading the object anew each time with the maps of its first load (c/libbpf-load.c). */
export async function startLibbpfPeer(
  object: string,
  options: { workDir: string; signal: AbortSignal },
): Promise<LibbpfPeer> {
  const peer: CPeer = await startCPeer('libbpf-load', { args: [object], ...options })
  return {
    async load() {
      const answer = await peer.ask('load')
      const [nanoseconds, ...tags] = answer.split(' ')
      const ms = Number(nanoseconds) / 1e6
      if (!(ms > 0)) throw new BenchError(`the libbpf peer answered ${JSON.stringify(answer)}`)
      return { ms, tags: Object.fromEntries(tags.map((tag) => tag.split('=', 2) as [string, string])) }
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  }
}
