const numbersPerPage = 4096

/** A set of whole numbers from 0 on. Numbers that are close to each other cost a bit each. */
export class NumberSet {
  readonly #pages = new Map<number, { bits: Uint8Array; count: number }>()
  #size = 0

  get size(): number {
    return this.#size
  }

  has(number: number): boolean {
    const byte = this.#pages.get(Math.floor(number / numbersPerPage))?.bits[byteOf(number)] ?? 0
    return (byte & maskOf(number)) !== 0
  }

  add(number: number): void {
    if (this.has(number)) return
    const pageNumber = Math.floor(number / numbersPerPage)
    const page = this.#pages.get(pageNumber) ?? { bits: new Uint8Array(numbersPerPage / 8), count: 0 }
    page.bits[byteOf(number)] = (page.bits[byteOf(number)] ?? 0) | maskOf(number)
    page.count++
    this.#size++
    this.#pages.set(pageNumber, page)
  }

  /** False when it was not there. */
  delete(number: number): boolean {
    const pageNumber = Math.floor(number / numbersPerPage)
    const page = this.#pages.get(pageNumber)
    if (page === undefined || !this.has(number)) return false
    page.bits[byteOf(number)] = (page.bits[byteOf(number)] ?? 0) & ~maskOf(number)
    page.count--
    this.#size--
    if (page.count === 0) this.#pages.delete(pageNumber)
    return true
  }
}

/** Where in its page. */
function byteOf(number: number): number {
  return Math.floor((number % numbersPerPage) / 8)
}

function maskOf(number: number): number {
  return 1 << (number % 8)
}
