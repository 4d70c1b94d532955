/**
 * The version of an object. The API calls it opaque; what all servers send are decimal numbers, and those that a double holds
 * exactly are numbers here: smaller and sooner read than text. Anything else is the text. Empty where there is none.
 */
export type ResourceVersion = number | string

/** As many digits are exact in any case. */
export const maxExactDigits = 15

/** `String` of it is `text` again. */
export function resourceVersionOf(text: string): ResourceVersion {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text
}
