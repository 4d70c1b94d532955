/** Map types by number, `enum bpf_map_type` in linux/bpf.h. */
export const mapTypeNumbers = {
  hash: 1,
  array: 2,
  prog_array: 3,
  perf_event_array: 4,
  percpu_hash: 5,
  percpu_array: 6,
  lru_hash: 9,
  lru_percpu_hash: 10,
  lpm_trie: 11,
  devmap: 14,
  cpumap: 16,
  queue: 22,
  stack: 23,
  devmap_hash: 25,
  ringbuf: 27,
} as const

export type MapType = keyof typeof mapTypeNumbers

const typeNames = new Map<number, MapType>(
  Object.entries(mapTypeNumbers).map(([name, number]) => [number, name as MapType]),
)

/** The name of a map type that this project knows. */
export function mapTypeName(number: number): MapType | undefined {
  return typeNames.get(number)
}

/** Map flags of linux/bpf.h. An lpm_trie must have `noPrealloc`. */
export const mapFlags = { noPrealloc: 1, readOnlyProgram: 0x80 } as const

/** What a map is, before it exists. Sizes are bytes; for a per-CPU map `valueSize` is one CPU's value. */
export type MapSpec = Readonly<{
  name: string
  type: MapType
  keySize: number
  valueSize: number
  /** For a ringbuf its size in bytes: a power of two and a multiple of the page size. */
  maxEntries: number
  /** An "or" of `mapFlags`. */
  flags: number
  /** Lets tools print keys and values: a loaded BTF and two type ids in it. */
  btf?: Readonly<{ fd: number; keyTypeId: number; valueTypeId: number }>
}>

export function isPerCpu(type: MapType): boolean {
  return type === 'percpu_hash' || type === 'percpu_array' || type === 'lru_percpu_hash'
}

/** The first of the fields that make a map usable in place of another which differs. */
export function findShapeDifference(
  have: MapSpec,
  want: MapSpec,
): { field: string; have: unknown; want: unknown } | undefined {
  const fields = ['type', 'keySize', 'valueSize', 'maxEntries', 'flags'] as const
  const field = fields.find((name) => have[name] !== want[name])
  return field === undefined ? undefined : { field, have: have[field], want: want[field] }
}
