import {
  at,
  type Json,
  type JsonObject,
  objectsAt,
  stringMapAt,
  stringsAt,
  textAt,
} from '../apiserver/json.ts'
import { type KubeObject, labelsOf } from '../apiserver/object.ts'

/** Why the node does not take the pod, in the words of kube-scheduler; undefined when it does. */
export function unsuitable(node: KubeObject, pod: KubeObject): string | undefined {
  if (at(node, 'spec', 'unschedulable') === true && !tolerates(pod, unschedulableTaint))
    return 'were unschedulable'
  if (!isNodeReady(node)) return 'were not ready'
  if (!matchesSelector(node, pod)) return "didn't match Pod's node affinity/selector"
  const taint = objectsAt(node, 'spec', 'taints').find(
    (candidate) => candidate.effect !== 'PreferNoSchedule' && !tolerates(pod, candidate),
  )
  return taint === undefined
    ? undefined
    : `had untolerated taint {${textAt(taint, 'key')}: ${textAt(taint, 'value')}}`
}

const unschedulableTaint: JsonObject = {
  key: 'node.kubernetes.io/unschedulable',
  effect: 'NoSchedule',
}

function isNodeReady(node: KubeObject): boolean {
  return objectsAt(node, 'status', 'conditions').some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
}

/** spec.nodeSelector and the required node affinity; terms are alternatives. */
export function matchesSelector(node: KubeObject, pod: Json): boolean {
  const labels = labelsOf(node)
  const isSelected = Object.entries(stringMapAt(pod, 'spec', 'nodeSelector')).every(
    ([key, value]) => labels[key] === value,
  )
  if (!isSelected) return false
  const required = at(
    pod,
    'spec',
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
  )
  if (required === undefined) return true
  return objectsAt(required, 'nodeSelectorTerms').some(
    (term) =>
      objectsAt(term, 'matchExpressions').every((expression) => matchesExpression(labels, expression)) &&
      objectsAt(term, 'matchFields').every((expression) =>
        matchesExpression({ 'metadata.name': node.metadata.name }, expression),
      ),
  )
}

function matchesExpression(labels: Readonly<Record<string, string>>, expression: JsonObject): boolean {
  const key = textAt(expression, 'key')
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  const values = stringsAt(expression, 'values')
  switch (textAt(expression, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      return false
  }
}

/** An empty key tolerates every taint, an empty effect every effect. */
export function tolerates(pod: Json, taint: JsonObject): boolean {
  return objectsAt(pod, 'spec', 'tolerations').some((toleration) => {
    const [key, effect] = [textAt(toleration, 'key'), textAt(toleration, 'effect')]
    const operator = textAt(toleration, 'operator') || 'Equal'
    if (effect !== '' && effect !== taint.effect) return false
    if (key === '') return operator === 'Exists'
    if (key !== taint.key) return false
    return operator === 'Exists' || textAt(toleration, 'value') === textAt(taint, 'value')
  })
}
