import { CodedError } from '@axoneme/lifecycle'

/** The guest did not come to the end of what it was to run. The message ends with what it said last. */
export class GuestError extends CodedError {
  constructor(what: string, { lastLines, hint }: { lastLines: readonly string[]; hint?: string }) {
    const said = lastLines.length === 0 ? 'it said nothing' : `its last lines:\n  ${lastLines.join('\n  ')}`
    super('GUEST', `${what}; ${said}`, hint === undefined ? {} : { hint })
  }
}
