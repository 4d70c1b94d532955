/** Disposes of all, last first. */
export function disposeAll(resources: readonly Disposable[]): Disposable {
  return {
    [Symbol.dispose]() {
      for (const resource of resources.toReversed()) resource[Symbol.dispose]()
    },
  }
}
