import { groupVersion, type ResourceType } from './types.ts'

/**
 * Which resources are served. Custom ones come and go with their definitions; a custom resource never replaces a
 * built-in one.
 */
export class Registry {
  readonly #byPath = new Map<string, ResourceType>()
  readonly #byKind = new Map<string, ResourceType>()
  readonly #custom = new Map<string, readonly ResourceType[]>()

  constructor(builtin: readonly ResourceType[]) {
    for (const type of builtin) this.#add(type)
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  findKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.#byKind.get(`${apiVersion}/${kind}`)
  }

  /** Built-in resources are there by construction. */
  mustFind(group: string, version: string, plural: string): ResourceType {
    const type = this.find(group, version, plural)
    if (type === undefined) throw new Error(`no resource ${group}/${version}/${plural}`)
    return type
  }

  all(): ResourceType[] {
    return [...this.#byPath.values()]
  }

  /** One type for each collection: what garbage collection and namespace deletion walk through. */
  storedTypes(): ResourceType[] {
    const types = new Map<string, ResourceType>()
    for (const type of this.all())
      if (type.answer === undefined && (!types.has(type.storage) || type.storedAs === undefined))
        types.set(type.storage, type)
    return [...types.values()]
  }

  /** Serves `types` for the definition `name` instead of what it had before. */
  setCustom(name: string, types: readonly ResourceType[]): void {
    for (const type of this.#custom.get(name) ?? []) this.#remove(type)
    const added = types.filter((type) => this.find(type.group, type.version, type.plural) === undefined)
    for (const type of added) this.#add(type)
    this.#custom.set(name, added)
  }

  #add(type: ResourceType): void {
    this.#byPath.set(`${type.group}/${type.version}/${type.plural}`, type)
    this.#byKind.set(`${groupVersion(type)}/${type.kind}`, type)
  }

  #remove(type: ResourceType): void {
    this.#byPath.delete(`${type.group}/${type.version}/${type.plural}`)
    this.#byKind.delete(`${groupVersion(type)}/${type.kind}`)
  }
}
