import { integer, list, path, string } from '@axoneme/options'
import type { EtcdKvstoreOptions } from './etcd/open.ts'

/** What every program that uses etcd lets its users say. `qps` is the default of its rate limit. */
export function kvstoreOptions({ qps }: { qps: number }) {
  return {
    'kvstore-endpoints': list({ help: 'URLs of etcd, of all its members' }),
    'kvstore-ca-file': path({
      default: '',
      help: 'authorities that etcd’s certificates are checked against (PEM); empty: the system’s',
    }),
    'kvstore-cert-file': path({ default: '', help: 'certificate that is shown to etcd (PEM); empty: none' }),
    'kvstore-key-file': path({ default: '', help: 'key of kvstore-cert-file (PEM)' }),
    'kvstore-username': string({ default: '', help: 'user of etcd; empty: no login' }),
    'kvstore-password-file': path({ default: '', help: 'where the password of kvstore-username is' }),
    'kvstore-qps': integer({
      default: qps,
      min: 0,
      max: 100_000,
      help: 'calls to etcd in a second at most, after as many at once as two seconds’; 0: no limit',
    }),
  }
}

/** The values of `kvstoreOptions`. */
export type KvstoreConfig = Readonly<{
  kvstoreEndpoints: readonly string[]
  kvstoreCaFile: string
  kvstoreCertFile: string
  kvstoreKeyFile: string
  kvstoreUsername: string
  kvstorePasswordFile: string
  kvstoreQps: number
}>

/** What they mean for `openEtcdKvstore`. */
export function etcdOptions(
  config: KvstoreConfig,
): Pick<EtcdKvstoreOptions, 'endpoints' | 'credentialFiles' | 'rateLimit'> {
  const credentialFiles = {
    caFile: config.kvstoreCaFile,
    certFile: config.kvstoreCertFile,
    keyFile: config.kvstoreKeyFile,
    username: config.kvstoreUsername,
    passwordFile: config.kvstorePasswordFile,
  }
  const { kvstoreQps: perSecond } = config
  return {
    endpoints: config.kvstoreEndpoints,
    ...(Object.values(credentialFiles).every((value) => value === '') ? {} : { credentialFiles }),
    ...(perSecond === 0 ? {} : { rateLimit: { perSecond, burst: 2 * perSecond } }),
  }
}
