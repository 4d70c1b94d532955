import { CodedError } from '@axoneme/lifecycle'

/** The apiserver has not told this node of the pod (yet). */
export class UnknownPodError extends CodedError {
  constructor(pod: string, waitedMs: number) {
    super('ENDPOINT_UNKNOWN_POD', `find pod ${pod} on this node after ${waitedMs} ms`, {
      retryable: true,
      hint: 'the apiserver must know the pod, and its spec.nodeName must be this node',
    })
  }
}

export class EndpointIdsExhaustedError extends CodedError {
  constructor() {
    super('ENDPOINT_IDS_EXHAUSTED', 'allocate an endpoint id: all 65535 are in use', { retryable: true })
  }
}

/** The attachment exists already: CNI forbids a second ADD. */
export class AttachmentExistsError extends CodedError {
  constructor(attachment: string, id: number) {
    super('ENDPOINT_EXISTS', `add attachment ${attachment}: endpoint ${id} has it`, {
      hint: 'the runtime must DEL an attachment before it adds it again',
    })
  }
}

/** A DEL overtook the ADD. */
export class AttachmentGoneError extends CodedError {
  constructor(attachment: string) {
    super('ENDPOINT_GONE', `add attachment ${attachment}: it was deleted meanwhile`)
  }
}
