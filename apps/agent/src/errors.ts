import { CodedError } from '@axoneme/lifecycle'

export class MonitorNotReadyError extends CodedError {
  constructor() {
    super('MONITOR_NOT_READY', 'follow the events of the datapath', {
      retryable: true,
      hint: 'the agent has not loaded the datapath yet: `axo status` says what it waits on',
    })
  }
}
