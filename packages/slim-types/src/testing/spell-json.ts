import fc from 'fast-check'

const spaces = ['', '', '', ' ', '\n', '\t\r\n  ']
const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/** One of the many ways in which JSON can say a value: white space, escapes, the order of keys, keys that come twice. */
class JsonSpeller {
  readonly #choices: readonly number[]
  #next = 0

  constructor(choices: readonly number[]) {
    this.#choices = choices
  }

  spell(value: unknown): string {
    return `${this.#space()}${this.#value(value)}${this.#space()}`
  }

  #value(value: unknown): string {
    if (typeof value === 'string') return this.#text(value)
    if (Array.isArray(value))
      return `[${value.map((element) => this.spell(element)).join(',') || this.#space()}]`
    if (typeof value === 'object' && value !== null) return this.#object(value)
    return this.#choice(3) === 1 && typeof value === 'number' ? this.#number(value) : JSON.stringify(value)
  }

  #object(value: object): string {
    const entries = Object.entries(value).map(([key, field]) => this.#field(key, this.spell(field)))
    const turned = [...entries.slice(this.#choice(entries.length)), ...entries].slice(0, entries.length)
    const fields = new Set(turned).size === entries.length ? turned : entries
    // What comes first counts for nothing.
    const first = Object.keys(value).slice(0, this.#choice(3))
    return `{${[...first.map((key) => this.#field(key, '[{"x":7}, null]')), ...fields].join(',') || this.#space()}}`
  }

  #field(key: string, value: string): string {
    return `${this.#space()}${this.#text(key)}${this.#space()}:${value}`
  }

  #text(text: string): string {
    const characters = [...text].map((character) => this.#character(character))
    return `"${characters.join('')}"`
  }

  #character(character: string): string {
    const mustEscape = JSON.stringify(character).length > character.length + 2
    const choice = this.#choice(8)
    if (choice === 0 || (mustEscape && choice < 4)) return escaped(character)
    if (choice === 1 && shortEscapes[character] !== undefined) return shortEscapes[character]
    return mustEscape ? JSON.stringify(character).slice(1, -1) : character
  }

  #number(value: number): string {
    const text = JSON.stringify(value)
    const exponential = value.toExponential().replace('e', this.#choice(2) === 0 ? 'E' : 'e')
    return Number(exponential) === value && !Object.is(value, -0) ? exponential : text
  }

  #space(): string {
    return spaces[this.#choice(spaces.length)] as string
  }

  #choice(limit: number): number {
    const { length } = this.#choices
    return length === 0 || limit === 0 ? 0 : (this.#choices[this.#next++ % length] as number) % limit
  }
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const code = character.charCodeAt(i).toString(16).padStart(4, '0')
    return `\\u${i === 0 ? code.toUpperCase() : code}`
  }).join('')
}

export const jsonSpeller: fc.Arbitrary<(value: unknown) => string> = fc
  .array(fc.nat(1000), { maxLength: 60 })
  .map((choices) => (value) => new JsonSpeller(choices).spell(value))
