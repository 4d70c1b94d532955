import type { ScaleReport } from '../run/scale.ts'
import type { Sample } from '../run/series.ts'
import type { Storm, StormReport } from '../run/storm.ts'
import { type Line, type Panel, plotSvg } from './svg.ts'

export function plotOf(report: ScaleReport | StormReport): string {
  return report.kind === 'scale' ? plotScale(report) : plotStorm(report)
}

function plotScale({ shape, series }: ScaleReport): string {
  const title = `${shape.nodes} nodes, ${shape.pods} pods, ${shape.services} services`
  return plotSvg(title, [
    requestsOf('requests', series),
    readyOf('agents', series),
    cpuOf(series),
    memoryOf(series),
  ])
}

function plotStorm({ shape, requestsPerSecond, cutShare, storm, withoutBackoff }: StormReport): string {
  const title = `${shape.nodes} agents start at once: ${requestsPerSecond} requests a second, ${100 * cutShare} % of calls cut`
  const panelsOf = (run: Storm, name: string) => [
    requestsOf(`requests, ${name}`, run.series),
    readyOf(`agents ready, ${name}`, run.series),
  ]
  return plotSvg(title, [
    ...panelsOf(storm, 'as it is'),
    cpuOf(storm.series),
    ...(withoutBackoff === undefined ? [] : panelsOf(withoutBackoff, 'without backoff and kept progress')),
  ])
}

function requestsOf(title: string, series: readonly Sample[]): Panel {
  return {
    title,
    unit: 'a second',
    lines: [
      lineOf('answered', series, ({ answered }) => answered),
      lineOf('refused (429)', series, ({ refused }) => refused),
      lineOf('cut', series, ({ cut }) => cut),
    ],
  }
}

function readyOf(title: string, series: readonly Sample[]): Panel {
  return { title, unit: 'hollow agents', lines: [lineOf('ready', series, ({ ready }) => ready)] }
}

function cpuOf(series: readonly Sample[]): Panel {
  return {
    title: 'processor time',
    unit: '% of a core',
    lines: perProcess(series, ({ cpuPercent }) => cpuPercent),
  }
}

function memoryOf(series: readonly Sample[]): Panel {
  return { title: 'memory', unit: 'MB', lines: perProcess(series, ({ rssMb }) => rssMb) }
}

function perProcess(
  series: readonly Sample[],
  pick: (sample: Sample) => Readonly<Record<string, number>>,
): Line[] {
  const names = [...new Set(series.flatMap((sample) => Object.keys(pick(sample))))]
  return names.map((name) => ({
    label: name,
    points: series.flatMap((sample) => {
      const value = pick(sample)[name]
      return value === undefined ? [] : [[sample.atS, value] as const]
    }),
  }))
}

function lineOf(label: string, series: readonly Sample[], pick: (sample: Sample) => number): Line {
  return { label, points: series.map((sample) => [sample.atS, pick(sample)] as const) }
}
