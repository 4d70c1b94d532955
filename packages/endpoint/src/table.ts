import { createTable, type WritableTable } from '@axoneme/tables'
import { attachmentKey, type EndpointRow, endpointKey } from './types.ts'

/** [endpoints]: found by attachment, pod, address and identity. Written by the endpoint controller alone. */
export function createEndpointTable(): WritableTable<EndpointRow> {
  return createTable<EndpointRow>({
    name: 'endpoints',
    key: (row) => endpointKey(row.id),
    indexes: {
      attachment: (row) => [attachmentKey(row)],
      pod: (row) => [`${row.namespace}/${row.podName}`],
      namespace: (row) => [row.namespace],
      ip: (row) => [row.ipv4],
      identity: (row) => [String(row.identity)],
    },
  })
}
