import { CodedError } from '@axoneme/lifecycle'

/** One thing that is wrong with the configuration. */
export type OptionProblem = Readonly<{
  /** As it was written: `--ipam-mod`, `AXO_IPAM_MOD`, `/etc/axoneme/ipam-mod`. */
  given: string
  message: string
  hint?: string
}>

/** Everything that is wrong with the configuration, at once, so that nobody fixes it one start at a time. */
export class OptionsError extends CodedError {
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    const lines = problems.map(
      ({ given, message, hint }) => `${given}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
    )
    super('OPTIONS_INVALID', `read configuration: ${lines.join('; ')}`, {
      hint: '--help lists every option',
    })
    this.problems = problems
  }
}
