export type Progress = Readonly<{
  show(text: string): void
  /** Leaves an empty line for what comes next. */
  clear(): void
}>

type Output = { isTTY?: boolean; write(text: string): unknown }

const clearLine = '\r\u001b[K'

/** One line that changes on a terminal; elsewhere a line for each text that is new. */
export function createProgress(output: Output, name: string): Progress {
  let last = ''
  return {
    show(text) {
      if (text === last) return
      last = text
      output.write(output.isTTY === true ? `${clearLine}${name}: ${text}` : `${name}: ${text}\n`)
    },
    clear() {
      if (output.isTTY === true) output.write(clearLine)
    },
  }
}
