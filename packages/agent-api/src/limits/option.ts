import type { Option } from '@axoneme/options'
import { z } from 'zod'
import { type CallLimits, defaultCallLimits } from './call-limit.ts'
import { formatCallLimits, LimitTextError, parseCallLimits } from './limit-text.ts'

/** The option `api-rate-limit`, by Cilium's name and in its notation; what it leaves out stays at its default. */
export const apiRateLimitOption: Option<CallLimits> = Object.freeze({
  typeName: 'limits',
  schema: z.string().transform((text, context): CallLimits => {
    try {
      return parseCallLimits(text, defaultCallLimits)
    } catch (error) {
      if (!(error instanceof LimitTextError)) throw error
      context.addIssue(error.message)
      return z.NEVER
    }
  }),
  default: defaultCallLimits,
  help: 'how many calls are served at a time and in a second, and how long others wait: CALL=SETTING:VALUE,... each, as Cilium’s option; 0: no limit',
  isBoolean: false,
  isList: true,
  format: formatCallLimits,
})
