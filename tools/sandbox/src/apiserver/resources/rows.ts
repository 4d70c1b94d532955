import type { ResourceType } from './types.ts'

/** A built-in resource with what is special about it; the rest is as of most kinds. */
export type Row = Partial<ResourceType> & Pick<ResourceType, 'kind' | 'plural'>

export const clusterScoped = { namespaced: false } as const
export const withStatus = { hasStatus: true } as const
/** Counts changes of its spec; most kinds that somebody reconciles do. */
export const reconciled = { hasStatus: true, hasGeneration: true } as const
