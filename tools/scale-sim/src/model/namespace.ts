import { namespaceLabels, namespaceName } from './app.ts'
import { createdAt, type ModelObject, uidOf } from './object.ts'

export function namespaceObject(index: number): ModelObject {
  const name = namespaceName(index)
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      uid: uidOf('Namespace', index),
      resourceVersion: '',
      creationTimestamp: createdAt,
      labels: namespaceLabels(name),
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }
}
