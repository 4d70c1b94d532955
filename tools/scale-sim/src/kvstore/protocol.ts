import { z } from 'zod'
import { shapeSchema } from '../apiserver/settings.ts'

export const openSchema = z.object({
  shape: shapeSchema,
  endpoint: z.string(),
  /** Whether the entries of the model's nodes and pods are written. */
  fill: z.boolean(),
})

export const eventsSchema = z.object({ identities: z.int(), ips: z.int(), nodes: z.int() })
export type KvstoreEvents = z.output<typeof eventsSchema>

export const churnSchema = z.object({
  perSecond: z.number().positive(),
  durationMs: z.number().positive(),
  /** How long a pod lives. */
  lifeMs: z.number().positive(),
  kubeconfig: z.string(),
  /** The ipcaches of the real agents, pinned. */
  ipcaches: z.array(z.string()),
})
export type ChurnSettings = z.output<typeof churnSchema>

/** Milliseconds. */
const distributionSchema = z.object({
  count: z.int(),
  p50: z.number(),
  p99: z.number(),
  max: z.number(),
})
export type Distribution = z.output<typeof distributionSchema>

export const churnResultSchema = z.object({
  created: z.int(),
  deleted: z.int(),
  identities: z.int(),
  /** How long the apiserver took to answer a POST of a pod. */
  createMs: distributionSchema,
  /** How long a pod's node waited for the identity. */
  identityMs: distributionSchema,
  /** From before the pod is created at the apiserver until every real agent's kernel has its address and identity. */
  podToKernelMs: distributionSchema,
  /** From when the pod's node asks for an identity until every real agent's kernel has it. */
  endpointToKernelMs: distributionSchema,
  /** From when the pod's node asks for an identity until a watcher's table has the identity and its labels. */
  endpointToIdentityTableMs: distributionSchema,
  /** From before the pod is deleted until no real agent's kernel has its address. */
  deletionToKernelMs: distributionSchema,
  /** Calls to etcd by name, waiting for the rate limit included. */
  operations: z.record(z.string(), distributionSchema),
  /** Not there when the churn had been over for a while. */
  neverSeen: z.int(),
  neverGone: z.int(),
  problems: z.array(z.string()),
})
export type ChurnResult = z.output<typeof churnResultSchema>

/** Counters of etcd, and what it holds. */
export const etcdSchema = z.object({
  rssMb: z.number(),
  databaseMb: z.number(),
  keys: z.number(),
  puts: z.number(),
  deletes: z.number(),
  ranges: z.number(),
  events: z.number(),
  sentBytes: z.number(),
})
export type EtcdReading = z.output<typeof etcdSchema>
