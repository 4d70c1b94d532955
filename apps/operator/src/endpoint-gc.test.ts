import { ciliumEndpointDecoder, createInterner } from '@axoneme/slim-types'
import { expect, it } from 'vitest'
import { orphans } from './endpoint-gc.ts'
import { createPodPresenceTable, podPresenceDecoder } from './endpoint-rows.ts'

const pods = createPodPresenceTable()
for (const [name, phase] of Object.entries({
  runs: 'Running',
  waits: 'Pending',
  over: 'Succeeded',
  broke: 'Failed',
})) {
  const pod = { metadata: { name, namespace: 'default' }, status: { phase } }
  pods.upsert(podPresenceDecoder(createInterner()).fromJson(pod))
}

it.each([
  { name: 'runs', orphan: false },
  { name: 'waits', orphan: false },
  { name: 'over', orphan: true },
  { name: 'broke', orphan: true },
  { name: 'nowhere', orphan: true },
  { name: 'nowhere', ownerReferences: [{ kind: 'Pod' }], orphan: true },
  { name: 'nowhere', ownerReferences: [{ kind: 'CiliumExternalWorkload' }], orphan: false },
])('an endpoint $name with owners $ownerReferences: $orphan', ({ name, ownerReferences = [], orphan }) => {
  const metadata = { name, namespace: 'default', uid: 'u', resourceVersion: '1', ownerReferences }
  const found = orphans([ciliumEndpointDecoder(createInterner()).fromJson({ metadata })], pods)
  expect([...found]).toEqual(orphan ? [[`default/${name}`, 'u']] : [])
})
