import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { agentOptions } from '@axoneme/agent'
import { operatorOptions } from '@axoneme/operator'
import { parseOptions } from '@axoneme/options'
import { afterEach, describe, expect, it } from 'vitest'
import { configFiles, manifestDirectory, readManifests, type Workload } from './test-manifests.ts'

const manifests = readManifests()
const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function workload(name: string, from = manifests): Workload {
  const found = from.workloads.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`no workload ${name}`)
  return found
}

/** As the container's process sees it; what the kubelet fills in is `value`. */
function environmentOf({ spec }: Workload, value: string): Record<string, string> {
  const [{ env }] = spec.template.spec.containers
  return Object.fromEntries(env.map((variable) => [variable.name, variable.value ?? value]))
}

describe.each([
  { name: 'axoneme-agent', options: agentOptions, fromNode: ['AXO_NODE_NAME'] },
  { name: 'axoneme-operator', options: operatorOptions, fromNode: [] },
])('$name', ({ name, options, fromNode }) => {
  const found = workload(name)
  const [container] = found.spec.template.spec.containers
  const files = configFiles(found, manifests.configMaps)

  it('starts with the options that the ConfigMaps and the environment hold', () => {
    const environment = environmentOf(found, 'node-7')
    expect(container.env.flatMap((variable) => (variable.valueFrom ? [variable.name] : []))).toEqual(fromNode)
    const directory = container.volumeMounts.find(({ mountPath }) => mountPath === environment.AXO_CONFIG_DIR)
    expect(directory).toMatchObject({ name: 'config', readOnly: true })
    const { config } = parseOptions(options, { files, environment, ignored: ['config-dir'] })
    expect(config.kvstoreEndpoints).toHaveLength(1)
    if ('nodeName' in config) expect(config.nodeName).toBe('node-7')
  })

  it('has a key for no option that is at its default', () => {
    const atDefault = Object.entries(options).flatMap(([key, { default: value, format }]) => {
      if (value === undefined || files[key] === undefined) return []
      return format(value as never) === files[key] ? [key] : []
    })
    expect(atDefault).toEqual([])
  })

  it('is scraped where it serves metrics', () => {
    const [host, port] = (files['metrics-address'] ?? '').split(':')
    const { annotations } = found.spec.template.metadata
    expect(host).toBe('0.0.0.0')
    expect(annotations).toMatchObject({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': port,
      'prometheus.io/path': '/metrics',
    })
    expect(container.ports).toEqual([{ name: 'metrics', containerPort: Number(port) }])
  })

  it('mounts volumes that it has, and has none that it does not mount', () => {
    const { initContainers, containers, volumes } = found.spec.template.spec
    const mounted = [...initContainers, ...containers].flatMap(({ volumeMounts }) =>
      volumeMounts.map((mount) => mount.name),
    )
    expect(new Set(mounted)).toEqual(new Set(volumes.map((volume) => volume.name)))
  })

  it('runs under the account that its role is bound to', () => {
    const { serviceAccountName } = found.spec.template.spec
    const account = { name: serviceAccountName, namespace: found.metadata.namespace }
    expect(manifests.accounts).toContainEqual(
      expect.objectContaining({ metadata: expect.objectContaining(account) }),
    )
    const bound = manifests.bindings.filter(({ subjects }) =>
      subjects.some(
        (subject) => subject.name === serviceAccountName && subject.namespace === account.namespace,
      ),
    )
    const roleOf = (kind: string, roleName: string) => `${kind} ${roleName}`
    expect(bound.map(({ roleRef }) => roleOf(roleRef.kind, roleRef.name)).sort()).toEqual(
      manifests.roles
        .filter(({ metadata }) => metadata.name === name)
        .map(({ kind, metadata }) => roleOf(kind, metadata.name))
        .sort(),
    )
    expect(bound.map(({ roleRef }) => roleRef.kind)).toContain('ClusterRole')
  })
})

describe('the agent', () => {
  const { containers, volumes } = workload('axoneme-agent').spec.template.spec
  const pathOnHost = (mountPath: string) => {
    const mount = containers[0].volumeMounts.find((candidate) => mountPath.startsWith(candidate.mountPath))
    const volume = volumes.find(({ name }) => name === mount?.name)
    return { ...mount, hostPath: volume?.hostPath?.path }
  }

  it.each(['bpf-root', 'state-dir', 'template-dir'] as const)('keeps %s on the host', (option) => {
    const path = agentOptions[option].default ?? ''
    const { mountPath, hostPath } = pathOnHost(path)
    expect(path).not.toBe('')
    // The same path on both sides: the CNI executable on the host talks to the socket, bpftool sees the pins.
    expect(hostPath).toBe(mountPath)
  })

  it('sees the network namespaces that the runtime makes after its start', () => {
    expect(pathOnHost('/run/netns/cni-1')).toMatchObject({
      hostPath: '/run/netns',
      mountPropagation: 'HostToContainer',
    })
  })
})

it('takes an overlay that changes one option for both programs', () => {
  const directory = mkdtempSync(join(tmpdir(), `axo-overlay-${process.pid}-`))
  directories.push(directory)
  const overlay = join(directory, 'overlay')
  mkdirSync(overlay)
  // As in deploy/README.md.
  writeFileSync(
    join(overlay, 'kustomization.yaml'),
    `resources: [${relative(overlay, manifestDirectory)}]
configMapGenerator:
  - name: axoneme
    namespace: kube-system
    behavior: merge
    literals: ['kvstore-endpoints=http://198.51.100.1:2379,http://198.51.100.2:2379']
`,
  )
  const changed = readManifests(overlay)
  for (const name of ['axoneme-agent', 'axoneme-operator']) {
    const files = configFiles(workload(name, changed), changed.configMaps)
    expect(files).toEqual({
      ...configFiles(workload(name), manifests.configMaps),
      'kvstore-endpoints': 'http://198.51.100.1:2379,http://198.51.100.2:2379',
    })
  }
})
