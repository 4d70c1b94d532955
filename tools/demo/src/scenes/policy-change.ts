import { describeError } from '@axoneme/lifecycle'
import { stringify } from 'yaml'
import { type ClusterView, type DemoPod, readCluster } from '../cluster-view.ts'
import { type Conversation, openConversation, probe } from '../probe.ts'
import { firstAnswerMs, isSilent, lastAnswerMs, pulseUntil } from '../pulse.ts'
import { type Stage, silenceMs } from './context.ts'
import { describePair, findPair, isAllowed, type Pair, targetOf } from './pairs.ts'

const labelKey = 'axoneme-demo'
/** No word that YAML 1.1 reads as a boolean. */
const labelValue = 'allowed'
const policyName = 'axoneme-demo'
/** A verdict that did not follow by then is wrong. */
const limitMs = 5_000
/** Shorter than the first retransmission of a SYN: a try answers for the moment when it began. */
const attemptMs = 900

/** Changes a label and a policy and shows when the verdicts follow, on new connections and on an established one. */
export async function showPolicyChange(stage: Stage, cluster: ClusterView): Promise<void> {
  const { printer, kubectl } = stage
  printer.heading('a label and a policy change')
  const pair = findPair(cluster, 'denied') ?? findPair(cluster, 'allowed')
  if (pair === undefined) return printer.line('there are no two pods to try it with')
  printer.line(`${describePair(pair)} is ${isAllowed(cluster, pair) ? 'allowed' : 'denied'}`)

  const { namespace, name } = pair.client
  const label = (change: string) => kubectl(['label', 'pod', name, '-n', namespace, change, '--overwrite'])
  const manifest = policiesFor(pair)
  const steps: readonly Readonly<{ what: string; act: () => Promise<unknown> }>[] = [
    {
      what: `apply a policy that allows pods labelled ${labelKey}=${labelValue}`,
      act: () => kubectl(['apply', '-f', '-'], { stdin: manifest }),
    },
    { what: `label the client ${labelKey}=${labelValue}`, act: () => label(`${labelKey}=${labelValue}`) },
    { what: 'remove the label', act: () => label(`${labelKey}-`) },
    { what: 'label it again', act: () => label(`${labelKey}=${labelValue}`) },
    {
      what: 'delete the policy',
      act: () => kubectl(['delete', '--wait=false', '-f', '-'], { stdin: manifest }),
    },
    { what: 'remove the label', act: () => label(`${labelKey}-`) },
  ]
  let was = isAllowed(cluster, pair)
  for (const step of steps) was = await runStep(stage, { pair, step, was })
}

/** Does one step and waits until connections show it. Gives whether the pair is allowed afterwards. */
async function runStep(
  stage: Stage,
  { pair, step, was }: { pair: Pair; step: { what: string; act: () => Promise<unknown> }; was: boolean },
): Promise<boolean> {
  const { printer, signal, client, status } = stage
  printer.progress(step.what)
  using established = was ? await tryConversation(stage, pair) : undefined
  const startMs = performance.now()
  await step.act()
  const doneMs = performance.now()

  const cluster = await readCluster(client, { status: await status(), signal })
  const allowed = isAllowed(cluster, currentPair(cluster, pair))
  const times = await follow(stage, { pair, allowed, established })
  printer.line(
    `  ${step.what.padEnd(62)} kubectl ${ms(doneMs - startMs)}; ${describe({ was, allowed, times, doneMs })}`,
  )
  return allowed
}

/** Undefined, and a failed check, when the connection cannot be made. */
async function tryConversation({ checks, signal }: Stage, pair: Pair): Promise<Conversation | undefined> {
  try {
    return await openConversation(targetOf(pair), { timeoutMs: silenceMs, signal })
  } catch (error) {
    signal.throwIfAborted()
    checks.check(false, `a connection can be made: ${describeError(error)}`)
    return undefined
  }
}

type Times = Readonly<{ newMs: number | undefined; establishedMs: number | undefined }>

/** When connections began to be what they should be; undefined where there is nothing to tell. */
async function follow(
  { checks, signal }: Stage,
  { pair, allowed, established }: { pair: Pair; allowed: boolean; established: Conversation | undefined },
): Promise<Times> {
  const connect = async () => (await probe(targetOf(pair), { timeoutMs: attemptMs, signal })).kind === 'open'
  let asked = 0
  const ask = async () => (await established?.ask(`still-${asked++}`, attemptMs)) !== undefined
  if (allowed) {
    const pulses = await pulseUntil(connect, {
      settled: (all) => firstAnswerMs(all) !== undefined,
      limitMs,
      signal,
    })
    const newMs = firstAnswerMs(pulses)
    checks.check(newMs !== undefined, `${describePair(pair)} opens within ${limitMs} ms`)
    if (established !== undefined) checks.check(await ask(), `${describePair(pair)} stays open`)
    return { newMs, establishedMs: undefined }
  }
  const [fresh, old] = await Promise.all([
    pulseUntil(connect, { settled: isSilent, limitMs, signal }),
    established === undefined ? [] : pulseUntil(ask, { settled: isSilent, limitMs, signal }),
  ])
  checks.check(isSilent(fresh), `${describePair(pair)}: new connections are denied within ${limitMs} ms`)
  if (established === undefined) return { newMs: lastAnswerMs(fresh), establishedMs: undefined }
  checks.check(
    isSilent(old),
    `${describePair(pair)}: an established connection is denied within ${limitMs} ms`,
  )
  return { newMs: lastAnswerMs(fresh) ?? 0, establishedMs: lastAnswerMs(old) ?? 0 }
}

function describe({
  was,
  allowed,
  times,
  doneMs,
}: {
  was: boolean
  allowed: boolean
  times: Times
  doneMs: number
}): string {
  const verdict = allowed ? 'allowed' : 'denied'
  if (was === allowed) return `still ${verdict}`
  const since = (atMs: number | undefined) =>
    atMs === undefined ? 'never' : `after ${ms(Math.max(0, atMs - doneMs))}`
  const fresh = `${verdict}: new connections ${since(times.newMs)}`
  return allowed ? fresh : `${fresh}, the established one ${since(times.establishedMs)}`
}

/** The pair with the labels that its pods have now. */
function currentPair(cluster: ClusterView, { client, server, port }: Pair): Pair {
  const now = (key: string) => cluster.pods.find((pod) => pod.key === key)
  return { client: now(client.key) ?? client, server: now(server.key) ?? server, port }
}

function policiesFor({ client, server, port }: Pair): string {
  const marked = { matchLabels: { [labelKey]: labelValue } }
  const toServer = { matchLabels: securityLabels(server) }
  const ports = [{ port, protocol: 'TCP' }]
  const policy = (suffix: string, namespace: string, spec: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `${policyName}-${suffix}`, namespace },
    spec,
  })
  return [
    policy('ingress', server.namespace, {
      podSelector: toServer,
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: {}, podSelector: marked }], ports }],
    }),
    policy('egress', client.namespace, {
      podSelector: marked,
      policyTypes: ['Egress'],
      egress: [{ to: [{ namespaceSelector: {}, podSelector: toServer }], ports }],
    }),
  ]
    .map((document) => stringify(document))
    .join('---\n')
}

/** The labels that make up an identity: Cilium's default filter leaves out what controllers write. */
function securityLabels({ labels }: DemoPod): Record<string, string> {
  const written = /^(pod-template-hash|controller-revision-hash|pod-template-generation)$|kubernetes\.io\//
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !written.test(key)))
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`
}
