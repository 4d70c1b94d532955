import type { Table, View } from './view.ts'

export type OutputFormat = 'text' | 'json'

/** The one place that turns what commands give into text. `write` gets whole lines. */
export async function printView(
  view: View,
  format: OutputFormat,
  write: (text: string) => void,
): Promise<void> {
  if (view.kind === 'stream') {
    for await (const item of view.items) {
      write(format === 'json' ? `${JSON.stringify(item)}\n` : `${visible(view.line(item))}\n`)
    }
    return
  }
  if (format === 'json') write(`${JSON.stringify(view.data, null, 2)}\n`)
  else if (view.kind === 'table')
    write(view.table.cells.length === 0 ? `${view.empty}\n` : formatTable(view.table))
  else {
    const width = Math.max(0, ...view.fields.map(([name]) => name.length))
    const lines = view.fields.map(
      ([name, value]) => `${`${name}:`.padEnd(width + 3)}${visible(String(value))}\n`,
    )
    const tables = (view.tables ?? []).filter((table) => table.cells.length > 0)
    write([lines.join(''), ...tables.map(formatTable)].filter((part) => part !== '').join('\n'))
  }
}

/** Columns as wide as their widest cell, two spaces apart; a column of numbers is aligned to the right. */
export function formatTable({ title, columns, cells }: Table): string {
  const text = cells.map((row) => row.map((cell) => visible(String(cell))))
  const widths = columns.map((name, i) => Math.max(name.length, ...text.map((row) => row[i]?.length ?? 0)))
  const right = columns.map((_, i) => cells.length > 0 && cells.every((row) => typeof row[i] === 'number'))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  const heading = title === undefined ? [] : [`${title}:`]
  return `${[...heading, line(columns), ...text.map(line)].join('\n')}\n`
}

/** Names come from a cluster's users: what would steer the terminal is shown instead. */
function visible(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
