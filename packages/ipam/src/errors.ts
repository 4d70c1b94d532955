import { CodedError } from '@axoneme/lifecycle'

/** Every address is in use. Later releases help, so a retry can succeed. */
export class PoolExhaustedError extends CodedError {
  constructor({ cidr, owner, capacity }: { cidr: string; owner: string; capacity: number }) {
    super('IPAM_POOL_EXHAUSTED', `allocate an address of ${cidr} for ${owner}: all ${capacity} are in use`, {
      retryable: true,
      hint: 'delete pods of this node or give it a larger pod CIDR',
    })
  }
}

/** Somebody else holds the address. */
export class AddressTakenError extends CodedError {
  constructor({ address, owner, holder }: { address: string; owner: string; holder: string }) {
    super('IPAM_ADDRESS_TAKEN', `allocate ${address} for ${owner}: ${holder} holds it`)
  }
}

/** The address is none that this pool may give away. */
export class AddressUnavailableError extends CodedError {
  constructor({ address, owner, reason }: { address: string; owner: string; reason: string }) {
    super('IPAM_ADDRESS_UNAVAILABLE', `allocate ${address} for ${owner}: ${reason}`)
  }
}

/** What was given as a prefix or mask size is none that can be used. */
export class PoolConfigError extends CodedError {
  constructor(subject: string, reason: string) {
    super('IPAM_POOL_CONFIG', `${subject}: ${reason}`)
  }
}
