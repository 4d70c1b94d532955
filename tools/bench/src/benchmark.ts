/** What a benchmark hands back: plain numbers by name. Names of figures end in their unit. */
export type BenchmarkResult = Readonly<{
  /** Ours over the peer's unless the name says otherwise. */
  ratios: Readonly<Record<string, number>>
  figures: Readonly<Record<string, number>>
}>

type BenchmarkContext = Readonly<{
  /** Of each sample; the figures are medians over them. */
  rounds: number
  /** A directory of the run, gone afterwards. */
  workDir: string
  /** One short line for people about what happens now. */
  progress(text: string): void
  signal: AbortSignal
}>

/** Of a benchmark that says nothing else. */
export const defaultRounds = 31

/** Everything that a benchmark makes is gone when `run` ends, also when it fails. */
export type Benchmark = Readonly<{
  name: string
  summary: string
  /** How many rounds give figures that are worth something; `defaultRounds` without it. */
  fullRounds?: number
  run(context: BenchmarkContext): Promise<BenchmarkResult>
}>
