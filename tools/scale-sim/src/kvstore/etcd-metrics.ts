import type { EtcdReading } from './protocol.ts'

/** What etcd says of itself at `/metrics`; what its version does not have is 0. */
export async function readEtcd(endpoint: string, signal: AbortSignal): Promise<EtcdReading> {
  const response = await fetch(`${endpoint}/metrics`, { signal })
  const text = await response.text()
  const value = (...names: string[]) =>
    Number(names.map((name) => new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]).find(Boolean) ?? 0)
  return {
    rssMb: value('process_resident_memory_bytes') / 2 ** 20,
    databaseMb: value('etcd_mvcc_db_total_size_in_bytes') / 2 ** 20,
    keys: value('etcd_debugging_mvcc_keys_total'),
    puts: value('etcd_mvcc_put_total', 'etcd_debugging_mvcc_put_total'),
    deletes: value('etcd_mvcc_delete_total', 'etcd_debugging_mvcc_delete_total'),
    ranges: value('etcd_mvcc_range_total', 'etcd_debugging_mvcc_range_total'),
    events: value('etcd_debugging_mvcc_events_total'),
    sentBytes: value('etcd_network_client_grpc_sent_bytes_total'),
  }
}
