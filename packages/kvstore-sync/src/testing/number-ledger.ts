/**
 * Who uses which identity number, as the nodes of a test tell it: the oracle for "no number has two meanings and no
 * label set two numbers, at any moment".
 */
export class NumberLedger {
  readonly #uses = new Map<string, { node: string; id: number; labels: string; references: number }>()
  readonly violations: string[] = []

  took(node: string, id: number, labels: string): void {
    for (const use of this.#uses.values()) {
      if ((use.id === id) === (use.labels === labels)) continue
      this.violations.push(
        `${node} got ${id} for ${labels} while ${use.node} uses ${use.id} for ${use.labels}`,
      )
    }
    const name = `${node} ${id}`
    const use = this.#uses.get(name) ?? { node, id, labels, references: 0 }
    use.references++
    this.#uses.set(name, use)
  }

  gaveBack(node: string, id: number): void {
    const name = `${node} ${id}`
    const use = this.#uses.get(name)
    if (use === undefined) return
    use.references--
    if (use.references === 0) this.#uses.delete(name)
  }

  lost(node: string, id: number): void {
    this.violations.push(`${node} lost ${id}`)
    this.#uses.delete(`${node} ${id}`)
  }

  /** Each node's uses, by labels. */
  usedBy(node: string): Map<string, number> {
    const uses = [...this.#uses.values()].filter((use) => use.node === node)
    return new Map(uses.map(({ labels, id }) => [labels, id]))
  }
}
