import { ensureObject, setDefault, stringsAt } from '../json.ts'
import type { Strategy } from '../resources/types.ts'

/** A namespace is held by its `kubernetes` finalizer until a controller has emptied it. */
export const namespaceStrategy: Strategy = {
  defaults(namespace) {
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name': namespace.metadata.name,
    }
    setDefault(ensureObject(namespace, 'status'), 'phase', 'Active')
  },
  prepareCreate(namespace) {
    const spec = ensureObject(namespace, 'spec')
    const finalizers = stringsAt(spec, 'finalizers')
    spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes']
  },
  prepareUpdate(namespace, old) {
    // Only the finalize subresource takes finalizers away, and it does not come through here.
    ensureObject(namespace, 'spec').finalizers = stringsAt(old, 'spec', 'finalizers')
  },
  isHeld: (namespace) => stringsAt(namespace, 'spec', 'finalizers').length > 0,
  markDeleting(namespace) {
    ensureObject(namespace, 'status').phase = 'Terminating'
  },
}
