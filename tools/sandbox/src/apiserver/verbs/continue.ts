import { z } from 'zod'
import { badRequest } from '../errors.ts'

/** Where a list goes on: after which key, in which state (-1: in the latest, inconsistently). */
export type ListPosition = Readonly<{ revision: number; lastKey: string }>

const tokenSchema = z.object({
  v: z.literal('meta.k8s.io/v1'),
  rv: z.number().int().min(-1),
  start: z.string().max(1024),
})

/** The token's form is the apiserver's: base64url of `{v, rv, start}`; clients must not look inside. */
export function encodeContinue({ revision, lastKey }: ListPosition): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${lastKey}\0` })).toString(
    'base64url',
  )
}

export function decodeContinue(token: string): ListPosition {
  try {
    const { rv, start } = tokenSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')))
    return { revision: rv, lastKey: start.replace(/\0$/, '') }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw badRequest('continue key is not valid')
    throw error
  }
}
