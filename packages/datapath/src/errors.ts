import { CodedError } from '@axoneme/lifecycle'

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

/** The pod has an interface of that name that this endpoint did not make. */
export class InterfaceTakenError extends CodedError {
  constructor(name: string, netnsPath: string) {
    super('DATAPATH_INTERFACE_TAKEN', `make interface ${name} in ${netnsPath}: there is one already`)
  }
}
