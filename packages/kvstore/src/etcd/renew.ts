import { type Etcd3, GRPCUnavailableError } from 'etcd3'
import { readStream } from './stream.ts'

/** Renews a lease with a stream of its own, so that each attempt has its own outcome. Seconds left; 0: no lease. */
export async function renewLeaseOnce(
  client: Etcd3,
  leaseId: string,
  options: { deadline: number },
): Promise<number> {
  const stream = await client.leaseClient.leaseKeepAlive(options)
  const signal = new AbortController().signal
  for await (const answer of readStream(stream, { first: { ID: leaseId }, signal })) return Number(answer.TTL)
  throw new GRPCUnavailableError('the stream ended without an answer')
}
