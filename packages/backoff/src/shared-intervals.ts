import type { DeclaredIntervals } from './intervals.ts'

/**
 * What the packages that both apps are made of do again and again, or wait with. The apps' own tables hold the rest;
 * `axo status --intervals` prints all of them. No interval is a number anywhere else.
 */
export const sharedIntervals = {
  kvstoreLeaseRenewal: {
    does: 'renew the lease of the kvstore, or a third of its time; the longest that its loss goes unnoticed',
    period: { baseMs: 10_000, jitter: 0.2 },
  },
  kvstoreLeaseRenewalRetry: {
    does: 'try again to renew a lease or a lock of the kvstore',
    retry: { minMs: 200, maxMs: 5_000 },
  },
  kvstoreLeaseGrant: {
    does: 'try again to get a lease of the kvstore, also when it is reached for the first time',
    retry: { minMs: 100, maxMs: 5_000 },
  },
  kvstoreWatch: {
    does: 'resume a watch of the kvstore that was cut',
    retry: { minMs: 50, maxMs: 5_000 },
  },
  kvstoreWatchRefused: {
    does: 'try again to watch the kvstore where it refuses',
    retry: { minMs: 2_000, maxMs: 60_000 },
  },
  kvstoreLock: {
    does: 'look again at a lock of the kvstore that somebody holds and that cannot be watched',
    retry: { minMs: 50, maxMs: 2_000 },
  },
  kvstoreQuorum: {
    does: 'ask whether most members of the kvstore agree, when nothing else asked',
    period: { baseMs: 10_000, jitter: 0.2, growsWithCluster: true },
  },
  kvstoreEndpoints: {
    does: 'ask each endpoint of the kvstore how it is',
    period: { baseMs: 60_000, jitter: 0.2, growsWithCluster: true },
  },
  kvstoreEndpointsFailing: {
    does: 'do so after the start, while one of them is not well, and while the kvstore is away',
    period: { baseMs: 10_000, jitter: 0.2, growsWithCluster: true },
  },
  kvstoreCredentials: {
    does: 'look whether the files with the credentials of the kvstore changed',
    period: { baseMs: 30_000, jitter: 0.2 },
  },
  kvstoreCredentialsRetry: {
    does: 'try again to read the files with the credentials of the kvstore',
    retry: { minMs: 200, maxMs: 10_000 },
  },
  kvstoreResync: {
    does: 'compare own keys with the kvstore',
    period: { baseMs: 300_000, jitter: 0.2, growsWithCluster: true },
  },
  kvstoreOwnKey: {
    does: 'try again to write an own key',
    retry: { minMs: 100, maxMs: 30_000 },
  },
  kvstoreContendedKey: {
    does: 'put back an own key that somebody keeps changing',
    retry: { minMs: 1_000, maxMs: 60_000 },
  },
  identityResync: {
    does: 'compare the keys of own identities with the kvstore',
    period: { baseMs: 300_000, jitter: 0.2, growsWithCluster: true },
  },
  identityAllocation: {
    does: 'try again to allocate an identity that others allocate too; 16 times, as Cilium',
    retry: { minMs: 20, maxMs: 5_000, maxAttempts: 16 },
  },
  identityHolder: {
    does: 'look again for an identity that another node is allocating',
    retry: { minMs: 1_000, maxMs: 4_000 },
  },
  identityKeys: {
    does: 'try again to put back or remove the keys of an identity',
    retry: { minMs: 200, maxMs: 30_000 },
  },
  nodeEntryConfirmation: {
    does: 'write a node entry again that was written and is not in the kvstore',
    retry: { minMs: 500, maxMs: 30_000 },
  },
  endpointIdentity: {
    does: 'try again to get an identity for a pod whose labels changed',
    retry: { minMs: 100, maxMs: 10_000 },
  },
  apiserverWatch: {
    does: 'list or watch again at the apiserver after a failure',
    retry: { minMs: 500, maxMs: 30_000, jitter: 'decorrelated' },
  },
  apiserverCheck: {
    does: 'compare what is known of one kind with the apiserver',
    period: { baseMs: 900_000, jitter: 0.5, growsWithCluster: true },
  },
  apiserverCheckAfterCut: {
    does: 'do so once more after a watch was cut',
    spread: { perNodeMs: 400, maxMs: 1_800_000 },
  },
  apiserverWatchEnd: {
    does: 'end a watch that is well, between this and twice this after it began, and resume it',
    period: { baseMs: 300_000, jitter: 0.5, growsWithCluster: true },
  },
  apiserverConflict: {
    does: 'read and write again what somebody else just changed at the apiserver',
    retry: { minMs: 20, maxMs: 500, maxAttempts: 8 },
  },
  customResourceServed: {
    does: 'look again whether the apiserver serves a custom resource',
    retry: { minMs: 50, maxMs: 1_000, jitter: 'decorrelated' },
  },
  reconcilerRow: {
    does: 'try again to carry a row to its target, where the target has no rule of its own',
    retry: { minMs: 50, maxMs: 30_000 },
  },
  reconcilerPrune: {
    does: 'remove from a target what is in no row, where the target has no rule of its own',
    period: { baseMs: 300_000, jitter: 0.2 },
  },
  templateCompile: {
    does: 'compile a template again that failed to compile; twice as long after each failure',
    adaptive: { firstMs: 1_000, minMs: 1_000, maxMs: 60_000, jitter: 0 },
  },
  templateLock: {
    does: 'look again whether another process has compiled a template',
    retry: { minMs: 10, maxMs: 250 },
  },
  conntrackGc: {
    does: 'collect dead connections; sooner the more of them are found (bounds as Cilium)',
    adaptive: { firstMs: 300_000, minMs: 10_000, maxMs: 43_200_000, jitter: 0.2 },
  },
  monitorPoll: {
    does: 'look for events of the datapath; later the longer none come',
    adaptive: { firstMs: 5, minMs: 5, maxMs: 200, jitter: 0 },
  },
} as const satisfies DeclaredIntervals
