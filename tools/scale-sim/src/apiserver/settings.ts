import { z } from 'zod'

export const shapeSchema = z.object({
  nodes: z.int().min(1),
  pods: z.int().min(0),
  services: z.int().min(0),
  namespaces: z.int().min(1),
  apps: z.int().min(1),
  clusterName: z.string(),
})

/** How the process of the apiserver is set up. */
export const serveSchema = z.object({
  shape: shapeSchema,
  heartbeats: z.object({ leaseMs: z.int(), statusMs: z.int() }),
  bookmarkIntervalMs: z.int(),
  /** Whether the agents of the model's nodes have run before, and have told of their addresses. */
  agentsHaveRun: z.boolean(),
  /** Nodes with a real agent: their objects say where they are. */
  realNodes: z.array(z.object({ name: z.string(), address: z.string() })),
  fabric: z.object({ netns: z.string(), address: z.string(), port: z.int() }),
})
export type ServeSettings = z.output<typeof serveSchema>

export const faultsSchema = z.object({
  requestsPerSecond: z.number().optional(),
  cutShare: z.number().min(0).max(1),
})
export type FaultSettings = z.output<typeof faultsSchema>

/** `url` speaks HTTP/2 from the first byte. */
export const servedSchema = z.object({ url: z.string() })
