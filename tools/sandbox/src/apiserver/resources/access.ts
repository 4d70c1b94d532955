import { roleBindingColumns } from '../tables/cluster.ts'
import { reviewAnswers } from './reviews.ts'
import { clusterScoped, type Row } from './rows.ts'

const anyName = { nameRule: 'path' } as const

export const rbacRows: Row[] = [
  { ...clusterScoped, ...anyName, kind: 'ClusterRole', plural: 'clusterroles' },
  {
    ...clusterScoped,
    ...anyName,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    columns: roleBindingColumns,
  },
  { ...anyName, kind: 'Role', plural: 'roles' },
  {
    ...anyName,
    kind: 'RoleBinding',
    plural: 'rolebindings',
    columns: roleBindingColumns,
  },
]

export function reviewRow(kind: keyof typeof reviewAnswers): Row {
  return {
    ...clusterScoped,
    kind,
    plural: `${kind.toLowerCase()}s`,
    verbs: ['create'],
    answer: reviewAnswers[kind],
  }
}

export function reviewRows(kinds: readonly (keyof typeof reviewAnswers)[]): Row[] {
  return kinds.map(reviewRow)
}
