import { isDeleting, type KubeObject, storageKey, timestamp } from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'

/** The newest events are kept up to this number; older ones go, as they would after an hour. */
const maxEvents = 2000

export type EventNote = Readonly<{
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  component: string
}>

/** Writes a core/v1 Event about the object. Nothing is noted in a namespace that is going away. */
export function recordEvent(cluster: Cluster, object: KubeObject, note: EventNote): void {
  const { namespace = 'default', name, uid, resourceVersion } = object.metadata
  const home = cluster.namespaces.get(storageKey('', namespace))
  if (home === undefined || isDeleting(home)) return
  const time = timestamp(cluster.now())
  cluster.events.create(namespace, {
    metadata: { generateName: `${name.slice(0, 200)}.` },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      namespace,
      name,
      uid,
      resourceVersion,
    },
    type: note.type,
    reason: note.reason,
    message: note.message,
    source: { component: note.component },
    reportingComponent: note.component,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  })
  const { collection } = cluster.events
  if (collection.size <= maxEvents) return
  const [oldest] = collection.values()
  if (oldest !== undefined) cluster.events.delete(oldest)
}
