import { z } from 'zod'

export const templateSchema = z.object({
  hash: z.string().describe('names sources, compiler, flags and configuration'),
  program: z.string(),
  configuration: z
    .record(z.string(), z.union([z.string(), z.boolean(), z.number()]))
    .describe('the options of the node that it was compiled for'),
  compiler: z.string(),
  bytes: z.int(),
  compileMs: z.number().describe('how long the compiler took when it was compiled'),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
  running: z.boolean().describe('whether it is the one of the running configuration'),
  endpoints: z.array(z.int()).readonly().describe('ids of the endpoints whose programs were made from it'),
  devices: z.array(z.string()).readonly().describe('devices of the node that run it'),
})

/** A compiled template of this machine. */
export type TemplateRow = Readonly<z.infer<typeof templateSchema>>

export const templateDescriptionSchema = z.object({
  ...templateSchema.shape,
  license: z.string(),
  slots: z
    .array(z.object({ name: z.string(), bits: z.int(), order: z.enum(['host', 'network']) }))
    .readonly()
    .describe("where an endpoint's values are put in; `order` is that of the bytes in memory"),
  programs: z
    .array(
      z.object({
        name: z.string(),
        section: z.string(),
        type: z.string(),
        instructions: z.int().describe('as the kernel counts: 8 bytes each'),
        slots: z.array(z.string()).readonly(),
        maps: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  maps: z
    .array(
      z.object({
        name: z.string(),
        type: z.string(),
        keySize: z.int(),
        valueSize: z.int(),
        maxEntries: z.int().describe('as compiled; options of the agent may set another number'),
        pinning: z.string(),
      }),
    )
    .readonly(),
})

/** What a template is made of. */
export type TemplateDescription = Readonly<z.infer<typeof templateDescriptionSchema>>

export const templateQuerySchema = z.object({
  endpoint: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('id, or namespace/pod; without it, all of this node'),
})

const programCheckSchema = z.object({
  program: z.string(),
  outcome: z.enum(['same', 'different', 'missing']),
  templateTag: z.string().describe('what the kernel makes of the template with the values of the endpoint'),
  running: z.object({ id: z.int(), tag: z.string() }).optional().describe('the program that decides now'),
})

/** One endpoint's programs, against what its template makes. */
export const templateCheckSchema = z.object({
  endpointId: z.int(),
  pod: z.string(),
  programs: z.array(programCheckSchema).readonly(),
  problem: z.string().optional().describe('why nothing could be compared'),
})

export type TemplateCheck = Readonly<z.infer<typeof templateCheckSchema>>
