import { createTable, type WritableTable } from '@axoneme/tables'
import type { IpcacheRow } from './types.ts'

/** [ipcache], by prefix. */
export function createIpcacheTable(): WritableTable<IpcacheRow> {
  return createTable({
    name: 'ipcache',
    key: (row) => row.cidr,
    equals: (a, b) =>
      a.cidr === b.cidr &&
      a.identity === b.identity &&
      a.tunnelEndpoint === b.tunnelEndpoint &&
      a.encryptKey === b.encryptKey,
  })
}
