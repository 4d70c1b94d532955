import { z } from 'zod'

export const startSchema = z.object({
  /** Index of the first one's node. */
  first: z.int(),
  count: z.int(),
  kubeconfig: z.string(),
  handover: z.boolean(),
  snapshotVersion: z.string().optional(),
  backoff: z.boolean(),
  userAgent: z.string(),
  nodeCount: z.int(),
})
export type HollowStart = z.output<typeof startSchema>

export const statusSchema = z.object({
  agents: z.int(),
  ready: z.int(),
  restarts: z.int(),
  /** Distinct steps of starts that succeeded, over all agents. */
  stepsDone: z.int(),
  /** How often one succeeded that had before. */
  stepsRepeated: z.int(),
  /** The same by step. */
  repeatedSteps: z.record(z.string(), z.int()),
  /** From the start of the first agent until the last one that is ready was. */
  lastReadyS: z.number(),
  /** Why agents ended that should not have; a few. */
  problems: z.array(z.string()),
})
export type Status = z.output<typeof statusSchema>
