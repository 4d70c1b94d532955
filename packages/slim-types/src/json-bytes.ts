// The bytes that JSON is made of, and what they may be.

export const space = 0x20
export const quote = 0x22
export const backslash = 0x5c
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const comma = 0x2c
export const colon = 0x3a
export const minus = 0x2d

/** Whether a string may have the byte as it is. */
export function isPlain(byte: number): boolean {
  return byte !== quote && byte !== backslash && byte >= space
}

/** The same of four bytes at once, where it is sure: each term has the highest bit of a byte that is not plain. */
export function arePlain(word: number): boolean {
  const atQuote = word ^ 0x22222222
  const atBackslash = word ^ 0x5c5c5c5c
  const found =
    ((atQuote - 0x01010101) & ~atQuote) |
    ((atBackslash - 0x01010101) & ~atBackslash) |
    ((word - 0x20202020) & ~word)
  return (found & 0x80808080) === 0
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

export function isHexDigit(byte: number): boolean {
  const letter = byte | 0x20
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x66)
}

/** One of `"\/bfnrt`. */
export function isShortEscape(byte: number): boolean {
  switch (byte) {
    case quote:
    case backslash:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true
    default:
      return false
  }
}
