/** What keeps the pods of an apiserver, up to date. */
export type PodCache = AsyncDisposable & {
  readonly size: number
  /** A line for each pod, of fields that both sides have: for a comparison. */
  lines(): string[]
}

export type PodCacheOptions = Readonly<{
  kubeconfigPath: string
  /** Once for each event of the watch. */
  onEvent: () => void
  signal: AbortSignal
}>

/** Resolves when it has listed. */
export type OpenPodCache = (options: PodCacheOptions) => Promise<PodCache>
