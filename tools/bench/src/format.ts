import type { Report } from './run.ts'

/** For people: names on the left, numbers aligned on the right, then where it was measured. */
export function formatReport({ bench, ratios, figures, env }: Report): string {
  const rows = [...Object.entries(ratios), ...Object.entries(figures)].map(
    ([name, value]) => [name, formatNumber(value)] as const,
  )
  const nameWidth = Math.max(...rows.map(([name]) => name.length))
  const valueWidth = Math.max(...rows.map(([, value]) => value.length))
  const lines = rows.map(([name, value]) => `  ${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}`)
  lines.splice(Object.keys(ratios).length, 0, '')
  const where = `${env.cpu}, ${env.cores} cores, Linux ${env.kernel}, Node ${env.node}, ${env.clang ?? 'no clang'}`
  return [bench, ...lines, '', `  ${where}`, `  ${env.date}, commit ${env.commit ?? 'unknown'}`, ''].join(
    '\n',
  )
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? value.toString() : value.toPrecision(4)
}
