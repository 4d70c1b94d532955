import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

/** The bytes are not an object that this package can load; names the section or symbol. */
export class ElfError extends CodedError {
  constructor(message: string, options?: CodedErrorOptions) {
    super('ELF_INVALID', message, options)
  }
}

/** What was given for an instance does not fit the template; names the constant, map or program. */
export class TemplateError extends CodedError {
  constructor(message: string, options?: CodedErrorOptions) {
    super('BPF_TEMPLATE', message, options)
  }
}
