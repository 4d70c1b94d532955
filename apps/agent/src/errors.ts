import { CodedError } from '@axoneme/lifecycle'

export class DatapathNotReadyError extends CodedError {
  constructor() {
    super('DATAPATH_NOT_READY', 'read programs of the datapath', {
      retryable: true,
      hint: 'the agent has not loaded the datapath yet: `axo status` says what it waits on',
    })
  }
}

export class MonitorNotReadyError extends CodedError {
  constructor() {
    super('MONITOR_NOT_READY', 'follow the events of the datapath', {
      retryable: true,
      hint: 'the agent has not loaded the datapath yet: `axo status` says what it waits on',
    })
  }
}
