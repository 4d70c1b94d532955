import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Of calls over the network: milliseconds to seconds. */
const remoteBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30]

type LabelValues = Readonly<Record<string, string>>
export type Sample = readonly [labels: LabelValues, value: number]

type Family = Readonly<{
  /** Without the prefix. */
  name: string
  help: string
  labels?: readonly string[]
}>

/** Makes metrics whose names begin with one prefix in one registry. */
export type MetricFamilies = Readonly<{
  registry: Registry
  counter(family: Family): Counter
  gauge(family: Family): Gauge
  /** Of seconds; buckets for calls over the network by default. */
  histogram(family: Family & { buckets?: readonly number[] }): Histogram
  /** What `read` gives whenever somebody scrapes: what is a state rather than an event. A counter's values are absolute. */
  atScrape(family: Family & { type: 'gauge' | 'counter' }, read: () => Iterable<Sample>): void
}>

export function createMetricFamilies({
  registry,
  prefix,
}: {
  registry: Registry
  prefix: string
}): MetricFamilies {
  const configuration = ({ name, help, labels = [] }: Family) => ({
    ...{ name: prefix + name, help, labelNames: [...labels] },
    registers: [registry],
  })
  return {
    registry,
    counter: (family) => new Counter(configuration(family)),
    gauge: (family) => new Gauge(configuration(family)),
    histogram: ({ buckets = remoteBuckets, ...family }) =>
      new Histogram({ ...configuration(family), buckets: [...buckets] }),
    atScrape({ type, ...family }, read) {
      const Metric = type === 'gauge' ? Gauge : Counter
      new Metric({
        ...configuration(family),
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.inc(labels, value)
        },
      })
    },
  }
}
