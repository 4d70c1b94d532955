export const layers = ['base', 'state', 'driver', 'domain', 'edge', 'app'] as const

export type Layer = (typeof layers)[number]

/** The table of the design's section 2. Within driver and domain only what is lower or upstream: no cycles. */
export const mayImport: Readonly<Record<Layer, readonly Layer[]>> = {
  base: ['base'],
  state: ['base', 'state'],
  driver: ['base', 'driver'],
  domain: ['base', 'state', 'domain'],
  edge: ['base', 'state', 'driver', 'domain'],
  app: layers,
}

type Restriction = { rule: string; forbids(from: { name: string; layer: Layer }): boolean }

/** Outside things that only some may use, by import specifier without `node:`. */
export const restricted: ReadonlyMap<string, Restriction> = new Map([
  ['koffi', { rule: 'only syscalls has FFI', forbids: ({ name }) => name !== '@axoneme/syscalls' }],
  [
    'child_process',
    {
      rule: 'base, state and domain start no processes',
      forbids: ({ layer }) => layer === 'base' || layer === 'state' || layer === 'domain',
    },
  ],
])
