import type { FieldProblem } from '../errors.ts'
import {
  at,
  clone,
  ensureObject,
  isEqual,
  isObject,
  type JsonObject,
  objectAt,
  setDefault,
  stringMapAt,
} from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { Strategy } from '../resources/types.ts'
import { labelSelectorMatcher } from '../selectors/labels.ts'
import { defaultPodSpec } from './pod-defaults.ts'
import { podSpecProblems } from './pod-validation.ts'
import { countProblems, labelSelectorProblems, required, unsupported, wrong } from './problems.ts'

function defaultTemplate(spec: JsonObject): void {
  const template = ensureObject(spec, 'template')
  ensureObject(template, 'metadata')
  defaultPodSpec(ensureObject(template, 'spec'))
}

export const deploymentStrategy: Strategy = {
  defaults(object) {
    const spec = ensureObject(object, 'spec')
    setDefault(spec, 'replicas', 1)
    setDefault(spec, 'revisionHistoryLimit', 10)
    setDefault(spec, 'progressDeadlineSeconds', 600)
    const strategy = ensureObject(spec, 'strategy')
    setDefault(strategy, 'type', 'RollingUpdate')
    if (strategy.type === 'RollingUpdate') {
      const rolling = ensureObject(strategy, 'rollingUpdate')
      setDefault(rolling, 'maxSurge', '25%')
      setDefault(rolling, 'maxUnavailable', '25%')
    }
    defaultTemplate(spec)
  },
  validate(object, old) {
    const type = at(object, 'spec', 'strategy', 'type')
    const types = ['Recreate', 'RollingUpdate']
    const rolling = objectAt(object, 'spec', 'strategy', 'rollingUpdate')
    return [
      ...workloadProblems(object, old),
      ...(typeof type === 'string' && types.includes(type)
        ? []
        : [unsupported('spec.strategy.type', type, types)]),
      ...['maxSurge', 'maxUnavailable'].flatMap((key) =>
        countOrPercentProblems(`spec.strategy.rollingUpdate.${key}`, rolling[key]),
      ),
    ]
  },
}

export const replicaSetStrategy: Strategy = {
  defaults(object) {
    const spec = ensureObject(object, 'spec')
    setDefault(spec, 'replicas', 1)
    defaultTemplate(spec)
  },
  validate: workloadProblems,
}

export const statefulSetStrategy: Strategy = {
  defaults(object) {
    const spec = ensureObject(object, 'spec')
    setDefault(spec, 'replicas', 1)
    setDefault(spec, 'podManagementPolicy', 'OrderedReady')
    setDefault(spec, 'revisionHistoryLimit', 10)
    const strategy = ensureObject(spec, 'updateStrategy')
    setDefault(strategy, 'type', 'RollingUpdate')
    if (strategy.type === 'RollingUpdate') setDefault(ensureObject(strategy, 'rollingUpdate'), 'partition', 0)
    defaultTemplate(spec)
  },
  validate: workloadProblems,
}

export const daemonSetStrategy: Strategy = {
  defaults(object) {
    const spec = ensureObject(object, 'spec')
    setDefault(spec, 'revisionHistoryLimit', 10)
    const strategy = ensureObject(spec, 'updateStrategy')
    setDefault(strategy, 'type', 'RollingUpdate')
    if (strategy.type === 'RollingUpdate') {
      const rolling = ensureObject(strategy, 'rollingUpdate')
      setDefault(rolling, 'maxSurge', 0)
      setDefault(rolling, 'maxUnavailable', 1)
    }
    defaultTemplate(spec)
  },
  validate: workloadProblems,
}

export const jobStrategy: Strategy = {
  defaults(object) {
    const spec = ensureObject(object, 'spec')
    setDefault(spec, 'parallelism', 1)
    setDefault(spec, 'completions', 1)
    setDefault(spec, 'backoffLimit', 6)
    defaultTemplate(spec)
  },
  prepareCreate(job) {
    job.status = {
      conditions: [
        {
          type: 'Suspended',
          status: 'True',
          lastTransitionTime: job.metadata.creationTimestamp,
          reason: 'NotSupported',
          message: 'the sandbox stores Jobs but does not run them: its pods serve their ports and never end',
        },
      ],
    }
  },
  validate: (object) => podSpecProblems('spec.template.spec', at(object, 'spec', 'template', 'spec')),
}

function workloadProblems(object: KubeObject, old: KubeObject | undefined): FieldProblem[] {
  const selector = at(object, 'spec', 'selector')
  const problems = [
    ...countProblems('spec.replicas', at(object, 'spec', 'replicas')),
    ...labelSelectorProblems('spec.selector', selector),
    ...podSpecProblems('spec.template.spec', at(object, 'spec', 'template', 'spec')),
  ]
  if (!isObject(selector)) problems.push(required('spec.selector'))
  else if (Object.keys(selector).length === 0)
    problems.push(wrong('spec.selector', selector, 'empty selector is invalid for deployment'))
  else if (!labelSelectorMatcher(selector)(stringMapAt(object, 'spec', 'template', 'metadata', 'labels')))
    problems.push(
      wrong(
        'spec.template.metadata.labels',
        clone(at(object, 'spec', 'template', 'metadata', 'labels')),
        '`selector` does not match template `labels`',
      ),
    )
  if (at(object, 'spec', 'template', 'spec', 'restartPolicy') !== 'Always')
    problems.push(
      unsupported(
        'spec.template.spec.restartPolicy',
        at(object, 'spec', 'template', 'spec', 'restartPolicy'),
        ['Always'],
      ),
    )
  if (old !== undefined && !isEqual(selector, at(old, 'spec', 'selector')))
    problems.push(wrong('spec.selector', clone(selector), 'field is immutable'))
  return problems
}

function countOrPercentProblems(field: string, value: string | number | JsonObject[string]): FieldProblem[] {
  if (typeof value === 'string')
    return /^\d+%$/.test(value)
      ? []
      : [wrong(field, value, "a valid percent string must be a numeric string followed by an ending '%'")]
  return countProblems(field, value)
}
