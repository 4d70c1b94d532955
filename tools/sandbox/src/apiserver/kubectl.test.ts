import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { objectsAt, textAt } from './json.ts'
import { eventually, node, openTestServer, runningStatus, sharedData, type TestServer } from './testing.ts'

const boutique = fileURLToPath(new URL('manifests/online-boutique.yaml', sharedData))
const policies = fileURLToPath(new URL('policies/online-boutique-netpol.yaml', sharedData))
const podsPath = '/api/v1/namespaces/default/pods'

let server: TestServer

beforeAll(async () => {
  server = await openTestServer({ withControllers: true })
  for (const name of ['n1', 'n2']) await server.request('POST', '/api/v1/nodes', node(name))
})

afterAll(() => server[Symbol.asyncDispose]())

/** Runs kubectl and expects it to succeed. */
async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.kubectl(args)
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.anything() })
  return stdout
}

async function pods(selector = '') {
  const { body } = await server.request('GET', `${podsPath}?labelSelector=${encodeURIComponent(selector)}`)
  return objectsAt(body, 'items')
}

/** Does what the kubelets do: pods that are on a node run, pods under deletion are gone. */
async function playKubelet(): Promise<void> {
  for (const [i, pod] of (await pods()).entries()) {
    const path = `${podsPath}/${textAt(pod, 'metadata', 'name')}`
    if (textAt(pod, 'metadata', 'deletionTimestamp') !== '')
      await server.request('DELETE', path, { gracePeriodSeconds: 0 })
    else if (textAt(pod, 'spec', 'nodeName') !== '' && textAt(pod, 'status', 'phase') === 'Pending')
      await server.request(
        'PATCH',
        `${path}/status`,
        { status: runningStatus(`10.0.${i >> 8}.${i & 255}`) },
        { 'content-type': 'application/merge-patch+json' },
      )
  }
}

describe('a real application', () => {
  it('is applied as it is, and a second time changes nothing', async () => {
    const first = await kubectl('apply', '-f', boutique, '-f', policies)
    expect(first.split('\n').filter((line) => line.endsWith(' created')).length).toBeGreaterThan(45)
    const second = await kubectl('apply', '-f', boutique, '-f', policies)
    expect(second.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged'))).toEqual([])
  })

  it('becomes pods on the nodes, and deployments that are available', async () => {
    await eventually(
      async () =>
        (await pods()).every((pod) => textAt(pod, 'spec', 'nodeName') !== '') && (await pods()).length === 12,
    )
    const perNode = Map.groupBy(await pods(), (pod) => textAt(pod, 'spec', 'nodeName'))
    expect([...perNode.values()].map((each) => each.length)).toEqual([6, 6])
    await playKubelet()
    const out = await kubectl('wait', '--for=condition=Available', '--timeout=20s', 'deploy', '--all')
    expect(out.trim().split('\n')).toHaveLength(12)
  })

  it('is shown in tables', async () => {
    expect(await kubectl('get', 'pods', '-o', 'wide', '--sort-by=metadata.name')).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nadservice-\S+ +0\/1 +Running +0 +\d+s +10\.0\.0\.\d+ +n[12] +<none> +<none>\n/,
    )
    expect(await kubectl('get', 'deploy', 'frontend')).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nfrontend +1\/1 +1 +1 +\d+s\n$/,
    )
    expect(await kubectl('get', 'svc', 'frontend', 'kubernetes', '--no-headers')).toMatch(
      /^frontend +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP +\d+s\nkubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP/,
    )
    expect(await kubectl('get', 'netpol', 'adservice', '--no-headers')).toMatch(
      /^adservice +app=adservice +\d+s\n$/,
    )
    expect(await kubectl('get', 'nodes', '--no-headers')).toMatch(/^n1 +Ready +<none>/)
    expect(await kubectl('get', 'ns', 'default', '--no-headers')).toMatch(/^default +Active +\d+s\n$/)
    expect(
      await kubectl('get', 'endpointslices', '-l', 'kubernetes.io/service-name=adservice', '--no-headers'),
    ).toMatch(/^adservice-\S+ +IPv4 +9555 +10\.0\.0\.\d+ +\d+s\n$/)
  })

  it('is described, in protobuf as kubectl asks for it', async () => {
    const [pod] = await pods('app=adservice')
    const text = await kubectl('describe', 'pod', textAt(pod, 'metadata', 'name'))
    expect(text).toContain('Controlled By:  ReplicaSet/adservice-')
    expect(text).toContain('PORT:  9555')
    expect(text).toMatch(/Liveness: .*delay=20s timeout=1s period=15s/)
    expect(await kubectl('describe', 'svc', 'frontend')).toMatch(/Endpoints: +10\.0\.0\.\d+:8080/)
    expect(await kubectl('describe', 'netpol', 'adservice')).toContain('PodSelector: app=frontend')
    expect(await kubectl('describe', 'deploy', 'frontend')).toContain('Scaled up replica set')
    expect(await kubectl('describe', 'node', 'n1')).toContain('Non-terminated Pods:')
  })

  it('goes again, with everything that belonged to it', async () => {
    await kubectl('delete', '-f', boutique, '-f', policies, '--wait=false')
    await eventually(async () => {
      await playKubelet()
      return (await pods()).length === 0
    })
    const slices = await kubectl('get', 'rs,endpointslices,endpoints,netpol', '--no-headers', '-o', 'name')
    expect(slices.trim()).toBe('')
  })
})

describe('one deployment', () => {
  it('is created, exposed, labelled, patched and scaled by commands', async () => {
    await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2', '--port=80')
    await kubectl('expose', 'deployment', 'web', '--port=80')
    await kubectl('label', 'deploy', 'web', 'team=a')
    await kubectl('annotate', 'deploy', 'web', 'note=x')
    await kubectl(
      'patch',
      'deploy',
      'web',
      '-p',
      '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","env":[{"name":"A","value":"1"}]}]}}}}',
    )
    await kubectl(
      'patch',
      'deploy',
      'web',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/metadata/labels/b","value":"2"}]',
    )
    await kubectl('patch', 'deploy', 'web', '--type=merge', '-p', '{"metadata":{"labels":{"c":"3"}}}')
    await kubectl('scale', 'deploy', 'web', '--replicas=3')
    expect(
      await kubectl(
        'get',
        'deploy',
        '-l',
        'team=a,b in (2),!d',
        '-o',
        'jsonpath={.items[*].spec.replicas} {.items[*].metadata.labels.c}',
      ),
    ).toBe('3 3')
    await eventually(async () => {
      await playKubelet()
      return (await server.kubectl(['rollout', 'status', 'deploy/web', '--watch=false'])).stdout.includes(
        'successfully',
      )
    })
    const staying = (await pods('app=web')).filter(
      (pod) => textAt(pod, 'metadata', 'deletionTimestamp') === '',
    )
    expect(staying).toHaveLength(3)
  })

  it('is restarted without ever falling below its limits', async () => {
    await kubectl('rollout', 'restart', 'deploy/web')
    let fewest = 3
    await eventually(async () => {
      const ready = (await pods('app=web')).filter(
        (pod) =>
          textAt(pod, 'status', 'phase') === 'Running' && textAt(pod, 'metadata', 'deletionTimestamp') === '',
      )
      fewest = Math.min(fewest, ready.length)
      await playKubelet()
      return (await server.kubectl(['rollout', 'status', 'deploy/web', '--watch=false'])).stdout.includes(
        'successfully',
      )
    })
    // maxUnavailable is 25 % of 3, rounded down.
    expect(fewest).toBe(3)
    expect(await kubectl('rollout', 'history', 'deploy/web')).toMatch(/1 +<none>\n2 +<none>/)
    await kubectl('rollout', 'undo', 'deploy/web')
    await eventually(
      async () => (await kubectl('get', 'rs', '-l', 'app=web', '-o', 'name')).trim().split('\n').length >= 2,
    )
  })

  it('is edited and replaced, unless it has changed meanwhile', async () => {
    const yaml = await kubectl('get', 'svc', 'web', '-o', 'yaml')
    expect((await server.kubectl(['replace', '-f', '-'], yaml)).stdout).toContain('replaced')
    const stale = yaml.replace(/resourceVersion: .*/, 'resourceVersion: "5"')
    expect((await server.kubectl(['replace', '-f', '-'], stale)).stderr).toContain(
      'the object has been modified',
    )
  })

  it('goes with its pods in the foreground', async () => {
    const deletion = server.kubectl(['delete', 'deploy', 'web', '--cascade=foreground', '--timeout=20s'])
    await eventually(async () => {
      await playKubelet()
      return (await pods('app=web')).length === 0
    })
    expect((await deletion).code).toBe(0)
  })

  it('leaves its pods when told so', async () => {
    await kubectl('create', 'deployment', 'lone', '--image=nginx')
    await eventually(async () => (await pods('app=lone')).length === 1)
    await kubectl('delete', 'deploy', 'lone', '--cascade=orphan')
    await eventually(
      async () =>
        (await kubectl(
          'get',
          'rs',
          '-l',
          'app=lone',
          '-o',
          'jsonpath={.items[*].metadata.ownerReferences}',
        )) === '',
    )
    expect(await pods('app=lone')).toHaveLength(1)
    await kubectl('delete', 'rs', '-l', 'app=lone', '--wait=false')
    await eventually(async () => {
      await playKubelet()
      return (await pods('app=lone')).length === 0
    })
  })
})

describe('apply', () => {
  const manifest = (port: number, { name = 'applied', extra = '' } = {}) =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}${extra}}\nspec: {selector: {a: b}, ports: [{name: x, port: ${port}}]}\n`

  it('removes what a later manifest leaves out', async () => {
    await server.kubectl(['apply', '-f', '-'], manifest(80, { extra: ', labels: {l: "1", m: "2"}' }))
    const { stdout } = await server.kubectl(
      ['apply', '-f', '-'],
      manifest(81, { extra: ', labels: {m: "2"}' }),
    )
    expect(stdout).toContain('configured')
    const { body } = await server.request('GET', '/api/v1/namespaces/default/services/applied')
    expect(body).toMatchObject({
      metadata: { labels: { m: '2' } },
      spec: { ports: [{ port: 81, targetPort: 81 }] },
    })
    expect(objectsAt(body, 'spec', 'ports')).toHaveLength(1)
  })

  it('works on the server too', async () => {
    const serverSide = (port: number, ...flags: string[]) =>
      server.kubectl(['apply', '--server-side', ...flags, '-f', '-'], manifest(port, { name: 'served' }))
    expect((await serverSide(81)).stdout).toContain('serverside-applied')
    await kubectl('patch', 'svc', 'served', '--type=merge', '-p', '{"spec":{"sessionAffinity":"ClientIP"}}')
    expect((await serverSide(82)).stdout).toContain('serverside-applied')
    const { body } = await server.request('GET', '/api/v1/namespaces/default/services/served')
    expect(body).toMatchObject({ spec: { sessionAffinity: 'ClientIP', ports: [{ port: 82 }] } })
    expect(objectsAt(body, 'spec', 'ports')).toHaveLength(1)
    await kubectl('patch', 'svc', 'served', '--type=merge', '-p', '{"spec":{"selector":{"a":"other"}}}')
    expect((await serverSide(82)).stderr).toContain('conflict with "kubectl-patch"')
    expect((await serverSide(82, '--force-conflicts')).stdout).toContain('serverside-applied')
  })

  it('is tried without effect', async () => {
    expect((await server.kubectl(['apply', '--dry-run=server', '-f', '-'], manifest(90))).stdout).toContain(
      'server dry run',
    )
    expect((await server.kubectl(['diff', '-f', '-'], manifest(90))).stdout).toContain('+    port: 90')
    expect(
      (await server.request('GET', '/api/v1/namespaces/default/services/applied')).body,
    ).not.toMatchObject({
      spec: { ports: [{ port: 90 }] },
    })
  })

  it.each([
    [
      'an unknown field',
      'apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {bogus: 1, ports: [{port: 1}]}\n',
      'bogus"',
    ],
    [
      'a port out of range',
      'apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 99999}]}\n',
      'must be between 1 and 65535',
    ],
    [
      'an unknown kind',
      'apiVersion: v1\nkind: Nothing\nmetadata: {name: bad}\n',
      'no matches for kind "Nothing"',
    ],
    [
      'a bad prefix',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: bad}\nspec: {podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/40}}]}]}\n',
      'must be a valid CIDR',
    ],
    [
      'a selector that selects other pods',
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: x, image: nginx}]}}}\n',
      '`selector` does not match template `labels`',
    ],
    [
      'no name',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n',
      'resource name may not be empty',
    ],
    [
      'a missing namespace',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad, namespace: nowhere}\n',
      'namespaces "nowhere" not found',
    ],
  ])('refuses %s in words', async (_what, text, message) => {
    const { code, stderr } = await server.kubectl(['apply', '-f', '-'], text)
    expect(code).not.toBe(0)
    expect(stderr).toContain(message)
  })
})

describe('the rest of the commands', () => {
  it('watches', async () => {
    const child = spawn('kubectl', [
      '--server',
      server.server.url,
      'get',
      'cm',
      '-w',
      '--no-headers',
      '-o',
      'name',
    ])
    try {
      let seen = ''
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString()
      })
      await eventually(() => server.server.faults.watchCount > 0)
      await kubectl('create', 'configmap', 'watched', '--from-literal=a=b')
      await eventually(() => seen.includes('configmap/watched'))
    } finally {
      child.kill()
    }
  })

  it('deletes a namespace with its contents', async () => {
    await kubectl('create', 'ns', 'gone')
    await kubectl('-n', 'gone', 'create', 'configmap', 'x')
    await kubectl('-n', 'gone', 'run', 'pod', '--image=x', '--port=80')
    await kubectl('delete', 'ns', 'gone', '--wait=false')
    await eventually(async () => {
      await server.request('DELETE', '/api/v1/namespaces/gone/pods/pod', { gracePeriodSeconds: 0 })
      return (await server.request('GET', '/api/v1/namespaces/gone')).code === 404
    })
    expect((await server.request('GET', '/api/v1/namespaces/gone/configmaps')).body.items).toEqual([])
  })

  it('knows who may do what, what there is, and what it cannot do', async () => {
    expect(await kubectl('auth', 'can-i', 'delete', 'pods')).toBe('yes\n')
    expect(await kubectl('api-resources', '--api-group=networking.k8s.io', '-o', 'name')).toContain(
      'networkpolicies.networking.k8s.io',
    )
    expect(await kubectl('version', '-o', 'json')).toContain('"serverVersion"')
    expect(await kubectl('get', '--raw', '/readyz')).toBe('ok')
    await kubectl('run', 'quiet', '--image=x')
    expect((await server.kubectl(['logs', 'quiet'])).stderr).toContain(
      'pods of the sandbox run no containers',
    )
    expect((await server.kubectl(['exec', 'quiet', '--', 'ls'])).stderr).toContain(
      'pods of the sandbox run no containers',
    )
    await kubectl('delete', 'pod', 'quiet', '--now', '--wait=false')
  })

  it('serves custom resources from their definition on', async () => {
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing', shortNames: ['th'] },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
            },
            additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          },
        ],
      },
    }
    await server.kubectl(['apply', '-f', '-'], JSON.stringify(definition))
    await kubectl('wait', '--for=condition=Established', 'crd/things.example.com', '--timeout=5s')
    const thing = {
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 'a' },
      spec: { size: 4 },
      status: { ignored: true },
    }
    await server.kubectl(['apply', '-f', '-'], JSON.stringify(thing))
    expect(await kubectl('get', 'th')).toMatch(/^NAME +SIZE\na +4\n$/)
    await kubectl('scale', 'th/a', '--replicas=3')
    await server.request(
      'PATCH',
      '/apis/example.com/v1/namespaces/default/things/a/status',
      { status: { ok: true }, spec: { size: 9 } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(await kubectl('get', 'th', 'a', '-o', 'jsonpath={.spec} {.status} {.metadata.generation}')).toBe(
      '{"replicas":3,"size":4} {"ok":true} 2',
    )
    await kubectl('delete', 'crd', 'things.example.com')
    expect((await server.request('GET', '/apis/example.com/v1/things')).code).toBe(404)
  })
})

it('gets by without a single complaint in the log', () => {
  expect(server.complaints).toEqual([])
})

describe('with a token', () => {
  it('lets in kubectl, bearers of it, and nobody else', async () => {
    await using guarded = await openTestServer({ token: 'open:se/same@1' })
    expect((await guarded.kubectl(['get', 'ns', '-o', 'name'])).stdout).toContain('namespace/default')
    const withToken = (token: string) =>
      guarded.request('GET', '/api/v1/pods', undefined, { authorization: `Bearer ${token}` })
    expect((await withToken('open:se/same@1')).code).toBe(200)
    expect((await withToken('other')).code).toBe(401)
    expect((await guarded.request('GET', '/api/v1/pods')).body).toMatchObject({ reason: 'Unauthorized' })
  })
})
