import { describeError } from '@axoneme/lifecycle'
import { hasCode } from '../errors.ts'
import { createConnection, type EtcdCredentials } from './connection.ts'
import type { EndpointAnswer } from './endpoint-state.ts'
import { etcdError } from './errors.ts'

/** After this time an endpoint counts as one that does not answer. */
const patienceMs = 3_000

/**
 * Asks one member how it is, on a connection that ends with the answer: thousands of clients that hold one to each
 * member would cost etcd more than they are worth. Without a login, which is slow for etcd and which this call does not
 * need (Maintenance.Status of etcd's API). Never rejects.
 */
export async function askEndpoint(endpoint: string, { tls }: EtcdCredentials): Promise<EndpointAnswer> {
  try {
    const { client } = createConnection([endpoint], { tls })
    try {
      const { header, leader, isLearner, version, errors } = await client.maintenance.status({
        deadline: Date.now() + patienceMs,
      })
      const { cluster_id: clusterId, member_id: memberId } = header
      return { kind: 'status', clusterId, memberId, leaderId: leader, isLearner, version, errors }
    } finally {
      client.close()
    }
  } catch (cause) {
    const error = etcdError(cause, { operation: 'ask for its status', key: '', location: endpoint })
    return hasCode(error, 'KVSTORE_DENIED')
      ? { kind: 'refused' }
      : { kind: 'failed', error: describeError(cause) }
  }
}
