import type { FieldProblem } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { TableColumns } from '../tables/types.ts'

export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const
export type Verb = (typeof allVerbs)[number]

export type DeleteOptions = Readonly<{
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: Readonly<{ uid?: string; resourceVersion?: string }>
  dryRun?: boolean
}>

/**
 * What a kind does beyond being stored. The functions get an object that is theirs to change; what they throw
 * refuses the request.
 */
export type Strategy = Readonly<{
  /** Fills in what the client left out. Must be idempotent. */
  defaults?: (object: KubeObject) => void
  /** Before an object is stored for the first time: initial status, allocations. */
  prepareCreate?: (object: KubeObject) => void
  /** Before a changed object is stored; `old` is what it replaces. */
  prepareUpdate?: (object: KubeObject, old: KubeObject) => void
  /**
   * After validation, last before storing: takes from pools what the object needs and gives back what it no longer
   * has. Throws with nothing taken. Not called in a dry run.
   */
  allocate?: (object: KubeObject, old: KubeObject | undefined) => void
  /** After the object is gone: give back what it held. */
  removed?: (object: KubeObject) => void
  validate?: (object: KubeObject, old: KubeObject | undefined) => FieldProblem[]
  /** How long a deletion waits for whoever runs the thing; 0 removes at once. Default 0. */
  gracePeriodSeconds?: (object: KubeObject, options: DeleteOptions) => number
  /** Whether something beyond finalizers and the grace period still holds a deleted object. */
  isHeld?: (object: KubeObject) => boolean
  /** When deletion was asked for and the object stays: reflect that in it. */
  markDeleting?: (object: KubeObject) => void
}>

/** Where a scale subresource finds its numbers: dotted paths from the object's root. */
export type ScalePaths = Readonly<{ specReplicas: string; statusReplicas: string; labelSelector?: string }>

export type ActionSubresource =
  | 'binding'
  | 'eviction'
  | 'finalize'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'proxy'
  | 'token'

/** A resource as it is served: one group, version and plural. */
export type ResourceType = Readonly<{
  group: string
  version: string
  kind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  namespaced: boolean
  verbs: readonly Verb[]
  /** The name of the collection, shared by all versions of a resource. */
  storage: string
  hasStatus: boolean
  scale?: ScalePaths
  actions: readonly ActionSubresource[]
  /** Whether metadata.generation counts changes of the object outside metadata and status. */
  hasGeneration: boolean
  selectableFields: readonly string[]
  nameRule: NameRule
  /** The type in the message table; without one (custom resources) strategic patches are refused. */
  schema?: string
  strategy: Strategy
  columns: TableColumns
  /** apiVersion of the stored form, where it is another one than this version's. */
  storedAs?: string
  /** Between the form of this version and the stored one; absent when only apiVersion differs. */
  convert?: Readonly<{ toStored: (object: JsonObject) => void; fromStored: (object: JsonObject) => void }>
  /** Of create-only kinds (reviews): computes the answer instead of storing. */
  answer?: (object: KubeObject) => KubeObject
}>

export type NameRule = 'subdomain' | 'label' | 'label1035' | 'path'

export function groupVersion(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`
}
