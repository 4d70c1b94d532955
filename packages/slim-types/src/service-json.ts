import { portOrNameAt } from './int-or-string.ts'
import type { Interner } from './interner.ts'
import { integerAt, type JsonObject, objectAt, objectsAt, textAt, textMapAt, textsAt } from './json.ts'
import {
  anyJson,
  type JsonShape,
  listShape,
  objectShape,
  resourceShape,
  sharedMap,
  sharedText,
} from './json-shape.ts'
import { metaFromJson, metaShapes } from './meta.ts'
import { isServedByNodes, newServiceDraft, serviceOf, servicePortOf } from './service-draft.ts'
import type { SlimService, SlimServicePort } from './types.ts'

/** What `serviceFromJson` wants. */
export function serviceShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  const port = { name: shared, protocol: shared, port: anyJson, targetPort: shared, nodePort: anyJson }
  const ingress = listShape(objectShape({ ip: anyJson, ipMode: shared }))
  const spec = objectShape({
    type: shared,
    clusterIP: anyJson,
    clusterIPs: anyJson,
    externalIPs: anyJson,
    ports: listShape(objectShape(port)),
    selector: sharedMap(interner),
    sessionAffinity: shared,
    sessionAffinityConfig: objectShape({ clientIP: objectShape({ timeoutSeconds: anyJson }) }),
    internalTrafficPolicy: shared,
    externalTrafficPolicy: shared,
  })
  const status = objectShape({ loadBalancer: objectShape({ ingress }) })
  return resourceShape({ spec, status }, metaShapes(interner))
}

export function serviceFromJson(object: JsonObject): SlimService {
  const draft = newServiceDraft(metaFromJson(object))
  const spec = objectAt(object, 'spec') ?? {}
  draft.type = textAt(spec, 'type')
  draft.clusterIP = textAt(spec, 'clusterIP')
  draft.clusterIPs = textsAt(spec, 'clusterIPs')
  draft.externalIPs = textsAt(spec, 'externalIPs')
  draft.ports = objectsAt(spec, 'ports').map(portFromJson)
  draft.selector = textMapAt(spec, 'selector')
  draft.sessionAffinity = textAt(spec, 'sessionAffinity')
  const affinity = objectAt(spec, 'sessionAffinityConfig') ?? {}
  draft.affinityTimeoutSeconds = integerAt(objectAt(affinity, 'clientIP') ?? {}, 'timeoutSeconds')
  draft.internalTrafficPolicy = textAt(spec, 'internalTrafficPolicy')
  draft.externalTrafficPolicy = textAt(spec, 'externalTrafficPolicy')
  const balancer = objectAt(objectAt(object, 'status') ?? {}, 'loadBalancer') ?? {}
  draft.loadBalancerIPs = objectsAt(balancer, 'ingress')
    .map((ingress) => ({ ip: textAt(ingress, 'ip'), ipMode: textAt(ingress, 'ipMode') }))
    .filter(isServedByNodes)
    .map((ingress) => ingress.ip)
  return serviceOf(draft)
}

function portFromJson(port: JsonObject): SlimServicePort {
  return servicePortOf({
    name: textAt(port, 'name'),
    protocol: textAt(port, 'protocol'),
    port: integerAt(port, 'port'),
    targetPort: portOrNameAt(port, 'targetPort'),
    nodePort: integerAt(port, 'nodePort'),
  })
}
