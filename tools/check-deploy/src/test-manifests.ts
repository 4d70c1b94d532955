import { execFileSync } from 'node:child_process'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { inRepository } from './repository.ts'

export const manifestDirectory = inRepository('deploy/kubernetes')

/** What the kustomization in a directory makes, as `kubectl apply -k` would send it. */
function renderManifests(directory: string = manifestDirectory): unknown[] {
  const text = execFileSync('kubectl', ['kustomize', directory], { encoding: 'utf8' })
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    for (const error of document.errors) throw error
    return document.toJS()
  })
}

const metadata = z.looseObject({ name: z.string(), namespace: z.string().optional() })
const environment = z.looseObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.looseObject({ fieldRef: z.looseObject({ fieldPath: z.string() }) }).optional(),
})
const mount = z.looseObject({
  name: z.string(),
  mountPath: z.string(),
  mountPropagation: z.string().optional(),
  readOnly: z.boolean().optional(),
})
const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  env: z.array(environment).default([]),
  volumeMounts: z.array(mount),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.int() })).default([]),
  securityContext: z.looseObject({ runAsUser: z.int().optional() }).optional(),
  readinessProbe: z
    .looseObject({ exec: z.looseObject({ command: z.tuple([z.string()], z.string()) }).optional() })
    .optional(),
})
const volume = z.looseObject({
  name: z.string(),
  hostPath: z.looseObject({ path: z.string() }).optional(),
  secret: z
    .looseObject({
      secretName: z.string(),
      optional: z.boolean().optional(),
      defaultMode: z.int().optional(),
    })
    .optional(),
  projected: z
    .looseObject({ sources: z.array(z.looseObject({ configMap: z.looseObject({ name: z.string() }) })) })
    .optional(),
})
const workload = z.looseObject({
  metadata,
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        serviceAccountName: z.string(),
        securityContext: z.looseObject({ fsGroup: z.int().optional() }).optional(),
        initContainers: z.array(container).default([]),
        containers: z.tuple([container]),
        volumes: z.array(volume),
      }),
    }),
  }),
})
const configMap = z.looseObject({
  kind: z.literal('ConfigMap'),
  metadata,
  data: z.record(z.string(), z.string()),
})
const rule = z.strictObject({
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  verbs: z.array(z.string()),
  resourceNames: z.array(z.string()).optional(),
})
const clusterRole = z.looseObject({ kind: z.literal('ClusterRole'), metadata, rules: z.array(rule) })
const role = clusterRole.extend({ kind: z.literal('Role') })
const clusterRoleBinding = z.looseObject({
  kind: z.literal('ClusterRoleBinding'),
  roleRef: z.looseObject({ kind: z.literal('ClusterRole'), name: z.string() }),
  subjects: z.array(
    z.looseObject({ kind: z.literal('ServiceAccount'), name: z.string(), namespace: z.string() }),
  ),
})
const roleBinding = clusterRoleBinding.extend({
  kind: z.literal('RoleBinding'),
  roleRef: z.looseObject({ kind: z.literal('Role'), name: z.string() }),
})
const serviceAccount = z.looseObject({ kind: z.literal('ServiceAccount'), metadata })
const daemonSet = workload.extend({ kind: z.literal('DaemonSet') })
const deployment = workload.extend({ kind: z.literal('Deployment') })
const manifest = z.discriminatedUnion('kind', [
  daemonSet,
  deployment,
  configMap,
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
  serviceAccount,
])

type Manifest = z.infer<typeof manifest>
type OfKind<Kind extends string> = Extract<Manifest, { kind: Kind }>
export type Workload = z.infer<typeof workload>
export type AccessRule = z.infer<typeof rule>

/** The parts of the manifests that tests look at; a kind that none of them knows is refused. */
export function readManifests(directory?: string) {
  const all = z.array(manifest).parse(renderManifests(directory))
  const ofKind = <Kind extends Manifest['kind']>(kind: Kind) =>
    all.filter((object): object is OfKind<Kind> => object.kind === kind)
  return {
    workloads: [...ofKind('DaemonSet'), ...ofKind('Deployment')],
    configMaps: ofKind('ConfigMap'),
    roles: [...ofKind('ClusterRole'), ...ofKind('Role')],
    bindings: [...ofKind('ClusterRoleBinding'), ...ofKind('RoleBinding')],
    accounts: ofKind('ServiceAccount'),
  }
}

/** The files in the configuration directory of a pod: those of all its ConfigMaps. */
export function configFiles(
  { spec }: Workload,
  configMaps: readonly OfKind<'ConfigMap'>[],
): Record<string, string> {
  const sources = spec.template.spec.volumes.flatMap((found) => found.projected?.sources ?? [])
  const files: Record<string, string> = {}
  for (const { name } of sources.map((source) => source.configMap)) {
    const data = configMaps.find((map) => map.metadata.name === name)?.data
    if (data === undefined) throw new Error(`no ConfigMap ${name}`)
    for (const [key, value] of Object.entries(data)) {
      if (Object.hasOwn(files, key)) throw new Error(`two ConfigMaps of one pod have the key ${key}`)
      files[key] = value
    }
  }
  return files
}
