/** Where the demo talks to people. Colours only at a terminal. */
export type Printer = {
  line(text?: string): void
  heading(text: string): void
  /** A step that is under way; at a terminal the next line takes its place. */
  progress(text: string): void
  good(text: string): string
  bad(text: string): string
  dim(text: string): string
  readonly width: number
}

export function createPrinter(out: NodeJS.WriteStream): Printer {
  const tty = out.isTTY === true
  const colours = tty && process.env.NO_COLOR === undefined
  const paint = (code: string) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text)
  const started = performance.now()
  const clock = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`
  let replace = false
  const line = (text = '') => {
    out.write(`${replace ? '\r\x1b[K' : ''}${text}\n`)
    replace = false
  }
  const printer: Printer = {
    line,
    heading: (text) => {
      line()
      line(paint('1')(text))
    },
    progress: (text) => {
      const step = `${paint('2')(clock())}  ${text}`
      if (tty) {
        out.write(`${replace ? '\r\x1b[K' : ''}${step.slice(0, Math.max(20, (out.columns ?? 80) + 8))}`)
        replace = true
      } else line(step)
    },
    good: paint('32'),
    bad: paint('31;1'),
    dim: paint('2'),
    width: tty ? Math.max(60, out.columns ?? 100) : 120,
  }
  return printer
}
