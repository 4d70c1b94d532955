import { BtfError } from '../errors.ts'
import type { Btf, BtfType } from './types.ts'

/** More levels than any real type has; the bound ends a cycle in hostile BTF. */
const maxDepth = 32
const maxSize = 0xffff_ffff

/** The types of one kind: some members of the union stand for several. */
export type BtfTypeOf<K extends BtfType['kind']> = OfKind<BtfType, K>
type OfKind<T, K> = T extends { kind: infer Kinds } ? (K extends Kinds ? T : never) : never

/** The first type of this kind and name, with its id. */
export function findBtfType<K extends BtfType['kind']>(
  btf: Btf,
  kind: K,
  name: string,
): { id: number; type: BtfTypeOf<K> } | undefined {
  const id = btf.types.findIndex((type) => type.kind === kind && type.name === name)
  return id === -1 ? undefined : { id, type: btf.types[id] as BtfTypeOf<K> }
}

/** The type behind this id. Throws BtfError when there is none. */
export function btfTypeAt(btf: Btf, id: number): BtfType {
  const type = btf.types[id]
  if (type === undefined) throw new BtfError(`BTF has no type ${id}`)
  return type
}

/**
 * Follows typedefs and qualifiers to the type that has a size. `typedefs` are the names passed on the way, outermost
 * first: `__be32` says what `__u32` alone does not.
 */
export function resolveBtfType(btf: Btf, id: number): { id: number; type: BtfType; typedefs: string[] } {
  const typedefs: string[] = []
  let at = id
  for (let depth = 0; depth < maxDepth; depth++) {
    const type = btfTypeAt(btf, at)
    if (type.kind === 'typedef') typedefs.push(type.name)
    else if (!isQualifier(type)) return { id: at, type, typedefs }
    at = type.type
  }
  throw new BtfError(`BTF type ${id} is nested deeper than ${maxDepth} typedefs or refers to itself`)
}

function isQualifier(type: BtfType): type is BtfTypeOf<'const' | 'volatile' | 'restrict' | 'type_tag'> {
  return ['const', 'volatile', 'restrict', 'type_tag'].includes(type.kind)
}

/** The size of a value of this type, in bytes. Throws BtfError for types without one. */
export function btfSizeOf(btf: Btf, id: number): number {
  let factor = 1
  let at = id
  for (let depth = 0; depth < maxDepth; depth++) {
    const { type } = resolveBtfType(btf, at)
    const size = type.kind === 'ptr' ? 8 : 'size' in type ? type.size : undefined
    if (size !== undefined) return boundedSize(size * factor, id)
    if (type.kind !== 'array') throw new BtfError(`BTF type ${id} (${type.kind} ${type.name}) has no size`)
    factor *= type.length
    at = type.element
  }
  throw new BtfError(`BTF type ${id} is nested deeper than ${maxDepth} arrays or refers to itself`)
}

function boundedSize(size: number, id: number): number {
  if (size > maxSize) throw new BtfError(`BTF type ${id} has ${size} bytes, more than 32 bits can say`)
  return size
}
