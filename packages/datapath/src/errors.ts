import { CodedError, describeError, isRetryable } from '@axoneme/lifecycle'

export class DeviceMissingError extends CodedError {
  constructor(name: string) {
    super('DATAPATH_NO_DEVICE', `find network device ${name}`, {
      retryable: true,
      hint: 'the option devices names the devices that lead to other nodes: see `ip link`',
    })
  }
}

/** The runtime's namespace of the pod is not there. */
export class NetnsMissingError extends CodedError {
  constructor(path: string, options: { cause: unknown }) {
    super('DATAPATH_NO_NETNS', `enter the pod's network namespace ${path}`, {
      ...options,
      hint: 'the CNI runtime must pass the path of an existing network namespace in CNI_NETNS',
    })
  }
}

/** There is an interface of that name that this endpoint did not make. `place` is the pod's namespace or the node. */
export class InterfaceTakenError extends CodedError {
  constructor(name: string, place: string, options: { cause?: unknown } = {}) {
    super('DATAPATH_INTERFACE_TAKEN', `make interface ${name} in ${place}: there is one already`, {
      ...options,
      hint: 'remove or rename that interface; it is tried again',
    })
  }
}

/** Not all programs could be put in place. `state` says what failed and what runs now. */
export class SwapFailedError extends CodedError {
  constructor(what: string, state: string, { cause }: { cause: unknown }) {
    super('DATAPATH_SWAP', `swap ${what}: ${state}`, { cause, retryable: isRetryable(cause) })
  }
}

/** A failed attempt could not take back what it had made. The next attempt and every prune try again. */
export class UndoFailedError extends CodedError {
  constructor(what: string, { error, undoError }: { error: unknown; undoError: unknown }) {
    super('DATAPATH_UNDO', `undo ${what} (${describeError(undoError)}) after`, {
      cause: error,
      retryable: true,
    })
  }
}
