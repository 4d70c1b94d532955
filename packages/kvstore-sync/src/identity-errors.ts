import { CodedError } from '@axoneme/lifecycle'

export class IdentitiesExhaustedError extends CodedError {
  /** Share of the cluster's identities in use, 0 to 1. */
  readonly usageRatio: number

  constructor(labels: string, { used, size }: { used: number; size: number }) {
    super('IDENTITIES_EXHAUSTED', `identity for ${labels}: ${used} of ${size} identities are in use`, {
      retryable: true,
      hint: 'too many distinct label sets: take labels that change often out of identities, and check that the operator removes unused ones',
    })
    this.usageRatio = used / size
  }
}

export class IdentityAllocationError extends CodedError {
  constructor(labels: string, { attempts, cause }: { attempts: number; cause: unknown }) {
    super('IDENTITY_ALLOCATION', `identity for ${labels}: given up after ${attempts} attempts`, {
      retryable: true,
      cause,
      hint: 'the kvstore is unreachable or overloaded, see its status',
    })
  }
}
