import {
  daemonSetStrategy,
  deploymentStrategy,
  jobStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
} from '../strategies/workloads.ts'
import * as workloadTables from '../tables/workloads.ts'
import { type Row, reconciled } from './rows.ts'

const replicaScale = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  labelSelector: 'status.selector',
}

export const appsRows: Row[] = [
  {
    ...reconciled,
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    columns: workloadTables.deploymentColumns,
    scale: replicaScale,
    strategy: deploymentStrategy,
  },
  {
    ...reconciled,
    kind: 'ReplicaSet',
    plural: 'replicasets',
    shortNames: ['rs'],
    categories: ['all'],
    columns: workloadTables.replicaSetColumns,
    selectableFields: ['status.replicas'],
    scale: replicaScale,
    strategy: replicaSetStrategy,
  },
  {
    ...reconciled,
    kind: 'StatefulSet',
    plural: 'statefulsets',
    shortNames: ['sts'],
    categories: ['all'],
    columns: workloadTables.statefulSetColumns,
    scale: replicaScale,
    strategy: statefulSetStrategy,
  },
  {
    ...reconciled,
    kind: 'DaemonSet',
    plural: 'daemonsets',
    shortNames: ['ds'],
    categories: ['all'],
    columns: workloadTables.daemonSetColumns,
    strategy: daemonSetStrategy,
  },
  { kind: 'ControllerRevision', plural: 'controllerrevisions' },
]

export const batchRows: Row[] = [
  {
    ...reconciled,
    kind: 'Job',
    plural: 'jobs',
    categories: ['all'],
    columns: workloadTables.jobColumns,
    strategy: jobStrategy,
  },
  {
    ...reconciled,
    kind: 'CronJob',
    plural: 'cronjobs',
    shortNames: ['cj'],
    categories: ['all'],
  },
]

export const autoscalingRows: Row[] = [
  {
    ...reconciled,
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    categories: ['all'],
    columns: workloadTables.autoscalerColumns,
  },
]

export const policyRows: Row[] = [
  {
    ...reconciled,
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    columns: workloadTables.budgetColumns,
  },
]
