import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { Channel, type ChannelCredentials, type ClientOptions, credentials } from '@grpc/grpc-js'

export type TlsFiles = Readonly<{
  ca?: Buffer | undefined
  cert?: Buffer | undefined
  key?: Buffer | undefined
}>

/**
 * Channel options for these files, under which TLS also works to endpoints that are addresses. gRPC asks for the
 * endpoint's host as TLS server name, which must not be an address (RFC 6066) and which Node refuses since 26; so a name
 * is asked for that means nothing, and the certificate is checked against the address itself.
 */
export function tlsChannelOptions({ ca, cert, key }: TlsFiles = {}): ClientOptions {
  // Channels to one address share a connection only if they share credentials.
  const byHost = new Map<string, ChannelCredentials>()
  const credentialsFor = (host: string): ChannelCredentials => {
    const known = byHost.get(host)
    if (known !== undefined) return known
    const made = credentials.createSsl(ca ?? null, key ?? null, cert ?? null, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    })
    byHost.set(host, made)
    return made
  }
  return {
    channelFactoryOverride(address, _given, options) {
      const { hostname } = new URL(`https://${address}`)
      const host = hostname.replace(/^\[|\]$/g, '')
      const name = isIP(host) === 0 ? {} : { 'grpc.ssl_target_name_override': 'etcd' }
      return new Channel(address, credentialsFor(host), { ...options, ...name })
    },
  }
}
