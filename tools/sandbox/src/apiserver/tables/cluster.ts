import { at, objectAt, objectsAt, textAt } from '../json.ts'
import { type KubeObject, labelsOf } from '../object.ts'
import { ageColumn, column, joinedOrNone, nameColumn } from './format.ts'
import type { TableColumns } from './types.ts'

const address = (type: string) => (node: KubeObject) =>
  textAt(
    objectsAt(node, 'status', 'addresses').find((entry) => entry.type === type),
    'address',
  ) || '<none>'
const info = (field: string) => (node: KubeObject) => textAt(node, 'status', 'nodeInfo', field) || '<unknown>'

export const nodeColumns: TableColumns = [
  nameColumn,
  column('Status', (node) => {
    const ready = objectsAt(node, 'status', 'conditions').find((condition) => condition.type === 'Ready')
    const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
    return at(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state
  }),
  column('Roles', (node) => {
    const prefix = 'node-role.kubernetes.io/'
    const roles = Object.keys(labelsOf(node)).filter(
      (key) => key.startsWith(prefix) && key.length > prefix.length,
    )
    return joinedOrNone(roles.map((key) => key.slice(prefix.length)).sort())
  }),
  ageColumn,
  column('Version', (node) => textAt(node, 'status', 'nodeInfo', 'kubeletVersion')),
  column('Internal-IP', address('InternalIP'), { wide: true }),
  column('External-IP', address('ExternalIP'), { wide: true }),
  column('OS-Image', info('osImage'), { wide: true }),
  column('Kernel-Version', info('kernelVersion'), { wide: true }),
  column('Container-Runtime', info('containerRuntimeVersion'), { wide: true }),
]

export const namespaceColumns: TableColumns = [
  nameColumn,
  column('Status', (namespace) => textAt(namespace, 'status', 'phase')),
  ageColumn,
]

const size = (object: KubeObject, ...keys: string[]) =>
  keys.reduce((sum, key) => sum + Object.keys(objectAt(object, key)).length, 0)

export const configMapColumns: TableColumns = [
  nameColumn,
  column('Data', (object) => String(size(object, 'data', 'binaryData'))),
  ageColumn,
]

export const secretColumns: TableColumns = [
  nameColumn,
  column('Type', (secret) => textAt(secret, 'type')),
  column('Data', (secret) => String(size(secret, 'data'))),
  ageColumn,
]

export const serviceAccountColumns: TableColumns = [
  nameColumn,
  column('Secrets', (account) => String(objectsAt(account, 'secrets').length)),
  ageColumn,
]

export const volumeClaimColumns: TableColumns = [
  nameColumn,
  column('Status', (claim) => textAt(claim, 'status', 'phase')),
  column('Volume', (claim) => textAt(claim, 'spec', 'volumeName')),
  column('Capacity', (claim) => textAt(claim, 'status', 'capacity', 'storage')),
  ageColumn,
]

export const roleBindingColumns: TableColumns = [
  nameColumn,
  column('Role', (binding) => `${textAt(binding, 'roleRef', 'kind')}/${textAt(binding, 'roleRef', 'name')}`),
  ageColumn,
]
