import { type PodTemplate, readPodTemplates } from './pod-templates.ts'
import { type BenchPod, templateOf, valuesOf } from './pods.ts'

export type PodFormat = 'json' | 'protobuf'

/** A pod at one version, in the form that was asked for. */
export type WirePod = Readonly<{ name: string; json(): string; protobuf(): Buffer }>

export type PodEvent = Readonly<{ type: 'ADDED' | 'MODIFIED' | 'DELETED'; pod: WirePod }>

/**
 * Of 100 events, after what the life of a pod consists of: it appears, gets its addresses, changes in ways that only
 * its status shows (conditions, a container that was restarted), goes.
 */
const eventMix = { added: 10, deleted: 10, readdressed: 40, restarted: 40 } as const

const firstVersion = 100_000_000

/** The pods of a cluster and what happens to them: the same for everybody who asks for the same numbers. */
export class BenchCluster {
  readonly #templates = readPodTemplates()
  readonly #pods: BenchPod[]
  #resourceVersion: number
  #nextIndex: number

  constructor(podCount: number) {
    this.#pods = Array.from({ length: podCount }, (_, index) => ({ index, sandboxes: 0, restarts: 0 }))
    this.#nextIndex = podCount
    this.#resourceVersion = firstVersion + podCount
  }

  get resourceVersion(): string {
    return String(this.#resourceVersion)
  }

  /** The pods as a list has them, before any event. */
  *list(): Generator<WirePod> {
    for (const pod of this.#pods) yield this.#at(pod, firstVersion + pod.index)
  }

  /** What happens next. */
  *events(count: number): Generator<PodEvent> {
    for (let i = 0; i < count; i++) yield this.#event(i)
  }

  #event(i: number): PodEvent {
    const version = ++this.#resourceVersion
    // Coprime to 100 and to the count of pods at most sizes: the kinds mix, and every pod has its turn.
    const drawn = (i * 37) % 100
    const place = (i * 7919) % this.#pods.length
    const pod = this.#pods[place] as BenchPod
    if (drawn < eventMix.added) {
      const added = { index: this.#nextIndex++, sandboxes: 0, restarts: 0 }
      this.#pods.push(added)
      return { type: 'ADDED', pod: this.#at(added, version) }
    }
    if (drawn < eventMix.added + eventMix.deleted) {
      this.#pods[place] = this.#pods.at(-1) as BenchPod
      this.#pods.pop()
      return { type: 'DELETED', pod: this.#at(pod, version) }
    }
    if (drawn < 100 - eventMix.restarted) pod.sandboxes++
    else pod.restarts++
    return { type: 'MODIFIED', pod: this.#at(pod, version) }
  }

  #at(pod: BenchPod, resourceVersion: number): WirePod {
    const template: PodTemplate = templateOf(this.#templates, pod)
    const values = valuesOf(pod, { original: template.original, resourceVersion })
    return {
      name: values.suffix,
      json: () => template.json(values),
      protobuf: () => template.protobuf(values),
    }
  }
}
