import type { z } from 'zod'

/**
 * One setting: its name is the key it is declared under (kebab-case), everything else is here. Without a `default`
 * the option must be given.
 */
export type Option<Value> = Readonly<{
  /** What `--help` and the docs call the type: `integer 1..65535`. */
  typeName: string
  /** From the text that a file, the environment or a flag holds. */
  schema: z.ZodType<Value, string>
  default: Value | undefined
  help: string
  /** A flag without a value means `true`, and `--no-name` exists. */
  isBoolean: boolean
  /** A flag that is given several times adds up. */
  isList: boolean
  /** The text that parses to `value`: what help and docs show. */
  format(value: Value): string
}>

/** Settings that belong together, by kebab-case name. Made with `defineOptions`. */
export type OptionSet = Readonly<Record<string, Option<unknown>>>

/** `ipam-mode` -> `ipamMode`. */
type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

type ValueOf<Declared> = Declared extends Option<infer Value> ? Value : never

/** What parsing gives: one frozen object with camelCase keys. */
export type Config<Options extends OptionSet> = {
  readonly [Name in keyof Options & string as CamelCase<Name>]: ValueOf<Options[Name]>
}

const optionName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/**
 * Declares options beside the feature that they steer; several sets are joined by spreading them. A bad name or a
 * name that would shadow `--no-...` or `--help` is a bug and throws.
 */
export function defineOptions<const Options extends OptionSet>(options: Options): Options {
  for (const name of Object.keys(options)) {
    if (!optionName.test(name)) throw new TypeError(`option ${name}: names are kebab-case`)
    if (name === 'help' || name.startsWith('no-')) throw new TypeError(`option ${name}: this name is taken`)
  }
  return Object.freeze(options)
}

export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** `ipam-mode` -> `AXO_IPAM_MODE`. */
export function environmentName(name: string): string {
  return `${environmentPrefix}${name.replaceAll('-', '_').toUpperCase()}`
}

export const environmentPrefix = 'AXO_'
