import { createTable, type WritableTable } from '@axoneme/tables'
import type { Backend, FrontendRow } from './types.ts'

/** [frontends], by address, port and protocol. */
export function createFrontendTable(): WritableTable<FrontendRow> {
  return createTable({
    name: 'frontends',
    key: (row) => row.key,
    equals: equalFrontends,
  })
}

function equalFrontends(a: FrontendRow, b: FrontendRow): boolean {
  return (
    a.key === b.key &&
    a.kind === b.kind &&
    a.service === b.service &&
    a.portName === b.portName &&
    a.affinityTimeoutSeconds === b.affinityTimeoutSeconds &&
    a.backends.length === b.backends.length &&
    a.backends.every((backend, i) => equalBackends(backend, b.backends[i]))
  )
}

function equalBackends(a: Backend, b: Backend | undefined): boolean {
  return (
    a.address === b?.address &&
    a.port === b.port &&
    a.protocol === b.protocol &&
    a.state === b.state &&
    a.nodeName === b.nodeName
  )
}
