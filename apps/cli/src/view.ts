export type Column<Row> = Readonly<{
  title: string
  /** Numbers are aligned to the right. */
  value(row: Row): string | number
}>

/** One named block of aligned lines. */
export type Table = Readonly<{
  title?: string
  columns: readonly string[]
  cells: readonly (readonly (string | number)[])[]
}>

/**
 * What a command gives back: data for programs, and how people see it. Only print.ts writes. `isBad`: the question was
 * answered, and the answer is no; the exit status says so.
 */
export type View = Readonly<{ isBad?: boolean }> & Shown

type Shown =
  | Readonly<{ kind: 'table'; data: unknown; table: Table; empty: string }>
  /** One object: `name: value` lines, then tables. */
  | Readonly<{ kind: 'fields'; data: unknown; fields: readonly Field[]; tables?: readonly Table[] }>
  /** Data that arrives over time: a line, or an object, each. */
  | Readonly<{ kind: 'stream'; items: AsyncIterable<unknown>; line(item: unknown): string }>

type Field = readonly [name: string, value: string | number]

export function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[], title?: string): Table {
  return {
    ...(title === undefined ? {} : { title }),
    columns: columns.map((column) => column.title),
    cells: rows.map((row) => columns.map((column) => column.value(row))),
  }
}

/** A list of rows, for people and programs alike. `empty` is what people read when there is none. */
export function listView<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): View {
  return { kind: 'table', data: rows, table: tableOf(rows, columns), empty }
}
