/** What one cell says: `allowed` and `denied` as the policies want it, `wrong` otherwise, `none` where nothing was tried. */
export type Cell = 'allowed' | 'denied' | 'wrong' | 'none'

export type Matrix = Readonly<{
  clients: readonly string[]
  targets: readonly string[]
  /** By client, then by target. */
  cells: readonly (readonly Cell[])[]
}>

const marks: Record<Cell, string> = { allowed: '+', denied: '.', wrong: '!', none: ' ' }

/**
 * Rows of clients, columns of numbered targets, and what the numbers mean. Wider than `width`, it goes on below.
 * `paint` gets each mark to colour it.
 */
export function formatMatrix(
  { clients, targets, cells }: Matrix,
  { width, paint }: { width: number; paint: (cell: Cell, text: string) => string },
): string[] {
  const nameWidth = Math.max(6, ...clients.map((client) => client.length))
  const columnWidth = String(targets.length).length + 1
  const perBlock = Math.max(1, Math.floor((width - nameWidth) / columnWidth))
  const lines: string[] = []
  for (let from = 0; from < targets.length; from += perBlock) {
    const columns = targets.slice(from, from + perBlock).map((_, i) => from + i)
    const heads = columns.map((column) => String(column + 1).padStart(columnWidth)).join('')
    lines.push(`${'client'.padEnd(nameWidth)}${heads}`)
    for (const [row, client] of clients.entries()) {
      const row_ = columns.map((column) => {
        const cell = cells[row]?.[column] ?? 'none'
        return `${' '.repeat(columnWidth - 1)}${paint(cell, marks[cell])}`
      })
      lines.push(`${client.padEnd(nameWidth)}${row_.join('')}`)
    }
  }
  return [...lines, ...legend(targets, width)]
}

function legend(targets: readonly string[], width: number): string[] {
  const entries = targets.map(
    (target, i) => `${String(i + 1).padStart(String(targets.length).length)} ${target}`,
  )
  const entryWidth = Math.max(0, ...entries.map((entry) => entry.length)) + 2
  const perLine = Math.max(1, Math.floor(width / entryWidth))
  const lines: string[] = []
  for (let from = 0; from < entries.length; from += perLine) {
    const line = entries.slice(from, from + perLine).map((entry) => entry.padEnd(entryWidth))
    lines.push(line.join('').trimEnd())
  }
  return lines
}
