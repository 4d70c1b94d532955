import { Readable } from 'node:stream'
import { ClientRuntimeError, castGrpcError, type IDuplexStream } from 'etcd3'

/**
 * The answers of a gRPC stream, one at a time (what is not read yet stays at the server), until `signal` aborts, the
 * server ends the stream or the connection is lost, which rejects. The stream is over when the loop is.
 */
export async function* readStream<Request, Answer>(
  stream: IDuplexStream<Request, Answer>,
  { first, signal }: { first: Request; signal: AbortSignal },
): AsyncGenerator<Answer, void, undefined> {
  if (!(stream instanceof Readable)) throw new ClientRuntimeError('the gRPC stream is not a Readable')
  // Cancelling reports an error, also when nobody reads any more.
  stream.on('error', () => {})
  const cancel = () => {
    // Ended first: etcd3 takes an error on a writable stream for a failure of the host and drops its connections.
    stream.end()
    stream.cancel()
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    signal.throwIfAborted()
    stream.write(first)
    for await (const answer of stream) yield answer
  } catch (error) {
    throw error instanceof Error ? castGrpcError(error) : error
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}
