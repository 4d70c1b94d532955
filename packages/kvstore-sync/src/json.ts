import type { z } from 'zod'

/** The checked data, or one line that says what is wrong with the first bad field. */
export function parseJson<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): { data: z.output<Schema>; problem?: never } | { data?: never; problem: string } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { problem: 'not JSON' }
  }
  const result = schema.safeParse(json)
  if (result.success) return { data: result.data }
  const [issue] = result.error.issues
  return { problem: issue === undefined ? 'invalid' : `${issue.path.join('.') || 'entry'}: ${issue.message}` }
}
