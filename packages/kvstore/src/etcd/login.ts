import { describeError } from '@axoneme/lifecycle'
import { InterceptingCall, type Interceptor, Metadata, status } from '@grpc/grpc-js'
import { type Etcd3, isRecoverableError } from 'etcd3'

export type EtcdUser = Readonly<{ username: string; password: string }>

/** etcd computes a slow hash for each attempt: a wrong password is not tried with every call. */
const deniedMs = 2_000

/**
 * Logs in when the first call needs it, and again when etcd no longer knows the token: after its time (300 s unused by
 * default), after a restart, when users were changed. etcd3's own login is not used, because it fails at endpoints that
 * are addresses (see tls-channel.ts) and does not log in again for streams.
 */
export class Login {
  readonly #authenticate: () => Promise<string>
  #token: Promise<string> | undefined

  constructor(authenticate: () => Promise<string>) {
    this.#authenticate = authenticate
  }

  token(): Promise<string> {
    if (this.#token !== undefined) return this.#token
    const token = this.#authenticate()
    this.#token = token
    token.catch((error: unknown) => {
      if (isUnanswered(error)) this.#forget(token)
      else setTimeout(() => this.#forget(token), deniedMs).unref()
    })
    return token
  }

  /** Gives each call the token. A call that etcd refuses for it fails; the next one has another. */
  readonly interceptor: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        const token = this.token()
        token.then(
          (text) => {
            metadata.set('token', text)
            next(metadata, {
              onReceiveStatus: (answer, pass) => {
                if (answer.code === status.UNAUTHENTICATED) this.#forget(token)
                pass(answer)
              },
            })
          },
          (error: unknown) =>
            listener.onReceiveStatus({
              code: isUnanswered(error) ? status.UNAVAILABLE : status.UNAUTHENTICATED,
              details: describeError(error),
              metadata: new Metadata(),
            }),
        )
      },
    })

  #forget(token: Promise<string>): void {
    if (this.#token === token) this.#token = undefined
  }
}

export async function authenticate(
  client: Etcd3,
  { username, password }: EtcdUser,
  timeoutMs: number,
): Promise<string> {
  // Without interceptors: this is the call that has no token yet.
  const options = { deadline: Date.now() + timeoutMs, interceptors: [] }
  return (await client.auth.authenticate({ name: username, password }, options)).token
}

function isUnanswered(error: unknown): boolean {
  return error instanceof Error && (isRecoverableError(error) || 'isBrokenCircuitError' in error)
}
