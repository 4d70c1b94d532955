import { objectAt } from '../json.ts'
import type { KubeObject } from '../object.ts'

/** Who may reach the server may do everything: there is one user. */
const user = { username: 'sandbox-admin', groups: ['system:masters', 'system:authenticated'] }

const allow = (review: KubeObject): KubeObject => ({
  ...review,
  status: { allowed: true, reason: 'the sandbox allows everything to who may connect' },
})

export const reviewAnswers = {
  SelfSubjectAccessReview: allow,
  SubjectAccessReview: allow,
  LocalSubjectAccessReview: allow,
  SelfSubjectRulesReview: (review: KubeObject): KubeObject => ({
    ...review,
    status: {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    },
  }),
  SelfSubjectReview: (review: KubeObject): KubeObject => ({ ...review, status: { userInfo: user } }),
  /** No tokens are issued, so none is known. */
  TokenReview: (review: KubeObject): KubeObject => ({
    ...review,
    spec: objectAt(review, 'spec'),
    status: { authenticated: false, error: 'the sandbox issues no tokens' },
  }),
}
