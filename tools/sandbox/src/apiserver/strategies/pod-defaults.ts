import { ensureObject, isObject, type JsonObject, objectAt, objectsAt, setDefault, textAt } from '../json.ts'

/** The defaults of a PodSpec that hold in pods and in the templates of workloads (k8s.io/kubernetes/pkg/apis/core/v1). */
export function defaultPodSpec(spec: JsonObject): void {
  setDefault(spec, 'restartPolicy', 'Always')
  setDefault(spec, 'terminationGracePeriodSeconds', 30)
  setDefault(spec, 'dnsPolicy', 'ClusterFirst')
  ensureObject(spec, 'securityContext')
  setDefault(spec, 'schedulerName', 'default-scheduler')
  if (textAt(spec, 'serviceAccountName') !== '') spec.serviceAccount = textAt(spec, 'serviceAccountName')
  else if (textAt(spec, 'serviceAccount') !== '') spec.serviceAccountName = textAt(spec, 'serviceAccount')
  for (const container of [...objectsAt(spec, 'initContainers'), ...objectsAt(spec, 'containers')]) {
    defaultContainer(container)
    if (spec.hostNetwork === true)
      for (const port of objectsAt(container, 'ports'))
        setDefault(port, 'hostPort', port.containerPort ?? null)
  }
  for (const volume of objectsAt(spec, 'volumes')) defaultVolume(volume)
}

function defaultContainer(container: JsonObject): void {
  setDefault(container, 'imagePullPolicy', pullPolicy(textAt(container, 'image')))
  setDefault(container, 'terminationMessagePath', '/dev/termination-log')
  setDefault(container, 'terminationMessagePolicy', 'File')
  ensureObject(container, 'resources')
  for (const port of objectsAt(container, 'ports')) setDefault(port, 'protocol', 'TCP')
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const found = container[probe]
    if (isObject(found)) defaultProbe(found)
  }
  for (const variable of objectsAt(container, 'env')) {
    const reference = objectAt(variable, 'valueFrom', 'fieldRef')
    if (textAt(reference, 'fieldPath') !== '') setDefault(reference, 'apiVersion', 'v1')
  }
}

function defaultProbe(probe: JsonObject): void {
  setDefault(probe, 'timeoutSeconds', 1)
  setDefault(probe, 'periodSeconds', 10)
  setDefault(probe, 'successThreshold', 1)
  setDefault(probe, 'failureThreshold', 3)
  const { httpGet, grpc } = probe
  if (isObject(httpGet)) {
    setDefault(httpGet, 'path', '/')
    setDefault(httpGet, 'scheme', 'HTTP')
  }
  if (isObject(grpc) && grpc.service === undefined) grpc.service = ''
}

function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {}
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const found = volume[source]
    if (isObject(found)) setDefault(found, 'defaultMode', 0o644)
  }
}

/** Mutable tags are pulled each time. */
function pullPolicy(image: string): string {
  const reference = image.slice(image.lastIndexOf('/') + 1)
  if (reference.includes('@')) return 'IfNotPresent'
  const tag = reference.includes(':') ? reference.slice(reference.indexOf(':') + 1) : 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}
