/** How one endpoint of etcd was when it was asked last. */
export type KvEndpoint = Readonly<{
  endpoint: string
  /** `unknown`: not asked yet; `degraded`: it answers, and not all is well; `down`: it does not answer. */
  state: 'unknown' | 'ok' | 'degraded' | 'down'
  /** Empty when it did not say. */
  role: 'leader' | 'follower' | 'learner' | ''
  /** etcd's; empty when it did not say. */
  version: string
  /** What is wrong with it; empty when nothing is. */
  detail: string
  /** When it was found so first, and when it was asked last, in ms since the epoch; both or none. */
  sinceMs?: number
  askedMs?: number
}>

/** What an endpoint said of itself. */
export type EndpointAnswer =
  | Readonly<{
      kind: 'status'
      clusterId: string
      memberId: string
      /** 0: it knows of none. */
      leaderId: string
      isLearner: boolean
      version: string
      /** Alarms of the cluster, and what else the member finds wrong. */
      errors: readonly string[]
    }>
  /** It answers, but tells nobody without a login. */
  | Readonly<{ kind: 'refused' }>
  | Readonly<{ kind: 'failed'; error: string }>

type Judged = Omit<KvEndpoint, 'endpoint' | 'sinceMs' | 'askedMs'>

/** etcd's own texts are short; whoever else answers may say anything. */
const maxTextLength = 200
const maxErrors = 4

export const unasked: Judged = { state: 'unknown', role: '', version: '', detail: '' }

/** The states after all endpoints were asked at `nowMs`; answers are in the order of the endpoints. */
export function nextEndpoints(
  before: readonly KvEndpoint[],
  answers: readonly EndpointAnswer[],
  nowMs: number,
): KvEndpoint[] {
  const clusterId = answers.find((answer) => answer.kind === 'status')?.clusterId
  return before.map((endpoint, i) => {
    const answer = answers[i]
    if (answer === undefined) return endpoint
    const judged = judge(answer, clusterId)
    const isSame = judged.state === endpoint.state && judged.role === endpoint.role
    const sinceMs = isSame ? (endpoint.sinceMs ?? nowMs) : nowMs
    return { endpoint: endpoint.endpoint, ...judged, sinceMs, askedMs: nowMs }
  })
}

function judge(answer: EndpointAnswer, clusterId: string | undefined): Judged {
  if (answer.kind === 'failed') return { ...unasked, state: 'down', detail: clip(answer.error) }
  if (answer.kind === 'refused') return { ...unasked, state: 'ok' }
  const { memberId, leaderId, isLearner, errors } = answer
  const problems = errors.slice(0, maxErrors).map(clip)
  if (errors.length > maxErrors) problems.push(`and ${errors.length - maxErrors} more`)
  // Some versions say so themselves, in words of their own.
  if (leaderId === '0') problems.unshift('knows no leader')
  if (answer.clusterId !== clusterId) problems.unshift('is of another cluster than the first that answers')
  return {
    state: problems.length === 0 ? 'ok' : 'degraded',
    role: isLearner ? 'learner' : memberId === leaderId ? 'leader' : 'follower',
    version: clip(answer.version),
    detail: problems.join('; '),
  }
}

function clip(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}...` : text
}
