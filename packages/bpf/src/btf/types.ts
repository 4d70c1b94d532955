/** A member of a struct or union. Offsets and sizes are in bits; `bitSize` 0 is "not a bitfield". */
export type BtfMember = Readonly<{ name: string; type: number; bitOffset: number; bitSize: number }>

export type BtfEnumerator = Readonly<{ name: string; value: bigint }>

export type BtfComposite = Readonly<{
  kind: 'struct' | 'union'
  name: string
  size: number
  members: readonly BtfMember[]
}>

/** A type with another type behind it: `type` is that type's id, 0 is void. */
export type BtfReference = Readonly<{
  kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag'
  name: string
  type: number
}>

/** One BTF type (Documentation/bpf/btf.rst). An empty name is anonymous; type ids index `Btf.types`. */
export type BtfType =
  | Readonly<{ kind: 'void'; name: '' }>
  | Readonly<{
      kind: 'int'
      name: string
      size: number
      bits: number
      encoding: 'unsigned' | 'signed' | 'char' | 'bool'
    }>
  | BtfReference
  | Readonly<{ kind: 'array'; name: ''; element: number; index: number; length: number }>
  | BtfComposite
  | Readonly<{
      kind: 'enum' | 'enum64'
      name: string
      size: number
      signed: boolean
      values: readonly BtfEnumerator[]
    }>
  | Readonly<{ kind: 'fwd'; name: string; of: 'struct' | 'union' }>
  | Readonly<{ kind: 'func'; name: string; type: number; linkage: BtfLinkage }>
  | Readonly<{
      kind: 'func_proto'
      name: ''
      returns: number
      parameters: readonly Readonly<{ name: string; type: number }>[]
    }>
  | Readonly<{ kind: 'var'; name: string; type: number; linkage: BtfLinkage }>
  | BtfDatasec
  | Readonly<{ kind: 'float'; name: string; size: number }>
  | Readonly<{ kind: 'decl_tag'; name: string; type: number; component: number }>

export type BtfLinkage = 'static' | 'global' | 'extern'

/** A data section of the object. `at` is where the record starts in the BTF bytes, for those who complete it. */
export type BtfDatasec = Readonly<{
  kind: 'datasec'
  name: string
  size: number
  variables: readonly Readonly<{ type: number; offset: number; size: number }>[]
  at: number
}>

export type Btf = Readonly<{
  /** Indexed by type id; 0 is void. */
  types: readonly BtfType[]
  /** The name at an offset of the string section, as .BTF.ext refers to it. Throws BtfError when out of range or no name. */
  stringAt(offset: number): string
}>
