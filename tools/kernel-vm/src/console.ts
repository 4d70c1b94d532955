/** ANSI escape sequences, as firmware and some programs write them, and the other control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /\u001b(?:\[[0-9;?]*)?[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g

/** The last lines of a console: bounded, whatever is written to it and in whatever pieces. */
export class ConsoleTail {
  readonly #maxLines: number
  #lines: string[] = []
  #rest = ''

  constructor({ maxLines }: { maxLines: number }) {
    this.#maxLines = maxLines
  }

  write(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-4096)
    const cleaned = lines.map(cleanLine).filter((line) => line !== '')
    this.#lines = [...this.#lines, ...cleaned].slice(-this.#maxLines)
  }

  /** The oldest first; the one that has not ended yet is the last. */
  lines(): string[] {
    const rest = cleanLine(this.#rest)
    return rest === '' ? [...this.#lines] : [...this.#lines, rest].slice(-this.#maxLines)
  }
}

function cleanLine(line: string): string {
  return line.replaceAll(control, '').trimEnd()
}
