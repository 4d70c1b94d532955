import type { ServerResponse } from 'node:http'
import { failure, type ReceivedRequest, respond, startTestServer } from '@axoneme/k8s-client/testing'
import { encodeEvent, encodeList, type TestPod } from './encode.ts'

/** What the next requests get instead of an answer; each is used once. */
export type Fault =
  | { on: 'list' | 'watch'; kind: 'status'; code: number; reason: string; retryAfter?: number }
  | { on: 'list' | 'watch'; kind: 'cut' }
  /** The watch stays open and says nothing, not even what happens. */
  | { on: 'watch'; kind: 'silent' }
  | { on: 'watch'; kind: 'error-event'; code: number; reason: string }
  | { on: 'watch'; kind: 'end' }

type StoredEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED'; version: number; pod: TestPod }
type Watcher = { response: ServerResponse; protobuf: boolean }

/** The pods of an apiserver: a store with a history, lists in pages and watches, and faults. */
export class PodServer implements AsyncDisposable {
  readonly pods = new Map<string, TestPod>()
  readonly faults: Fault[] = []
  hasProtobuf = true
  refusesProtobuf = false
  /** Whether a watch may begin with what exists. */
  watchList: 'offered' | 'refused' | 'ignored' = 'refused'
  /** Called once, when the next page of a list was answered. */
  afterPage: (() => void) | undefined
  #version = 100
  /** Versions up to this one are forgotten. */
  #compacted = 0
  #history: StoredEvent[] = []
  readonly #snapshots = new Map<string, TestPod[]>()
  readonly #watchers = new Set<Watcher>()
  #server: Awaited<ReturnType<typeof startTestServer>> | undefined

  static async start(): Promise<PodServer> {
    const server = new PodServer()
    server.#server = await startTestServer((request, response) => server.#handle(request, response))
    return server
  }

  get url(): string {
    return this.#server?.url ?? ''
  }

  get received(): readonly ReceivedRequest[] {
    return this.#server?.received ?? []
  }

  get watcherCount(): number {
    return this.#watchers.size
  }

  upsert(name: string, { labels = {}, nodeName = 'n' }: Partial<TestPod> = {}): void {
    const isNew = !this.pods.has(name)
    const pod = { name, namespace: 'ns', labels, nodeName, resourceVersion: String(++this.#version) }
    this.pods.set(name, pod)
    this.#record({ type: isNew ? 'ADDED' : 'MODIFIED', version: this.#version, pod })
  }

  /** Sends the state that a pod has once more. */
  repeat(name: string): void {
    const pod = this.pods.get(name)
    if (pod !== undefined) this.#record({ type: 'MODIFIED', version: Number(pod.resourceVersion), pod })
  }

  delete(name: string): void {
    const pod = this.pods.get(name)
    if (pod === undefined) return
    this.pods.delete(name)
    const version = ++this.#version
    this.#record({ type: 'DELETED', version, pod: { ...pod, resourceVersion: String(version) } })
  }

  get version(): string {
    return String(this.#version)
  }

  /** Something else than a pod changed: the version grows, and no event says so. */
  advance(): void {
    this.#version++
  }

  bookmark(): void {
    for (const { response, protobuf } of this.#watchers) response.write(this.#bookmarkFrame(protobuf))
  }

  /** Forgets the history: watches and pages of older versions get 410. */
  compact(): void {
    this.#compacted = this.#version
    this.#history = []
  }

  /** Ends all watches in the middle of a frame. */
  cut(): void {
    for (const { response } of this.#watchers) response.destroy()
    this.#watchers.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await this.#server?.[Symbol.asyncDispose]()
  }

  #record(event: StoredEvent): void {
    this.#history.push(event)
    for (const { response, protobuf } of this.#watchers) {
      response.write(encodeEvent(event.type, event.pod, protobuf))
    }
  }

  #bookmarkFrame(protobuf: boolean, endsInitialEvents = false): Buffer {
    const resourceVersion = String(this.#version)
    const empty = { name: '', namespace: '', labels: {}, nodeName: '', resourceVersion, endsInitialEvents }
    return encodeEvent('BOOKMARK', empty, protobuf)
  }

  #handle(request: ReceivedRequest, response: ServerResponse): void {
    const isWatch = request.query.get('watch') === 'true'
    const wantsProtobuf = request.headers.accept?.includes('protobuf') === true
    if (wantsProtobuf && this.refusesProtobuf) {
      respond(response, 406, failure(406, 'NotAcceptable'))
      return
    }
    const protobuf = wantsProtobuf && this.hasProtobuf
    const index = this.faults.findIndex((fault) => fault.on === (isWatch ? 'watch' : 'list'))
    const [fault] = index < 0 ? [] : this.faults.splice(index, 1)
    if (fault !== undefined) this.#fail(fault, response, protobuf)
    else if (isWatch) this.#watch(request, response, protobuf)
    else this.#list(request, response, protobuf)
  }

  #fail(fault: Fault, response: ServerResponse, protobuf: boolean): void {
    switch (fault.kind) {
      case 'status':
        respond(response, fault.code, failure(fault.code, fault.reason), {
          ...(fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }),
        })
        return
      case 'cut':
        response.destroy()
        return
      case 'silent':
        this.#startWatch(response, protobuf)
        return
      case 'error-event':
        this.#startWatch(response, protobuf)
        response.end(encodeEvent('ERROR', { code: fault.code, reason: fault.reason }, protobuf))
        return
      case 'end':
        this.#startWatch(response, protobuf)
        response.end()
    }
  }

  #list({ query }: ReceivedRequest, response: ServerResponse, protobuf: boolean): void {
    const limit = Number(query.get('limit') ?? 1e9)
    const [after, version] = (query.get('continue') ?? `\0${this.#version}`).split('\0') as [string, string]
    if (Number(version) < this.#compacted) {
      respond(response, 410, failure(410, 'Expired'))
      return
    }
    // All pages of a list show the moment of the first.
    let snapshot = this.#snapshots.get(version)
    if (snapshot === undefined || !query.has('continue')) {
      snapshot = [...this.pods.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
      this.#snapshots.set(version, snapshot)
    }
    const rest = snapshot.filter(({ name }) => name > after)
    const items = rest.slice(0, limit)
    const continueToken = rest.length > limit ? `${items.at(-1)?.name}\0${version}` : ''
    response.writeHead(200, { 'content-type': mediaType(protobuf) })
    response.end(encodeList({ items, resourceVersion: version, continueToken }, protobuf))
    const { afterPage } = this
    this.afterPage = undefined
    afterPage?.()
  }

  #watch({ query }: ReceivedRequest, response: ServerResponse, protobuf: boolean): void {
    const streamsList = query.get('sendInitialEvents') === 'true' && this.watchList !== 'ignored'
    if (streamsList && this.watchList === 'refused') {
      respond(response, 422, failure(422, 'Invalid'))
      return
    }
    const from = query.has('resourceVersion') ? Number(query.get('resourceVersion')) : this.#version
    if (from < this.#compacted) {
      respond(response, 410, failure(410, 'Expired'))
      return
    }
    this.#startWatch(response, protobuf)
    if (streamsList) {
      for (const pod of this.pods.values()) response.write(encodeEvent('ADDED', pod, protobuf))
      response.write(this.#bookmarkFrame(protobuf, true))
    }
    for (const event of this.#history) {
      if (event.version > from) response.write(encodeEvent(event.type, event.pod, protobuf))
    }
    const watcher = { response, protobuf }
    this.#watchers.add(watcher)
    response.on('close', () => this.#watchers.delete(watcher))
  }

  #startWatch(response: ServerResponse, protobuf: boolean): void {
    response.writeHead(200, { 'content-type': `${mediaType(protobuf)};stream=watch` })
    response.flushHeaders()
  }
}

function mediaType(protobuf: boolean): string {
  return protobuf ? 'application/vnd.kubernetes.protobuf' : 'application/json'
}
