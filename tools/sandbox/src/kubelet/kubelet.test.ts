import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createJson,
  deleteJson,
  getJson,
  type K8sClient,
  openK8sClient,
  patchJson,
} from '@axoneme/k8s-client'
import { createLimiter, Scope } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { connectInNetns, createNetns, deleteNetns } from '@axoneme/syscalls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type ApiServer, startApiServer } from '../apiserver/index.ts'
import { formatKubeconfig, plainAccess } from '../kubeconfig.ts'
import { raiseLoopback } from '../topology.ts'
import { createCniRuntime } from './cni.ts'
import { createKubelet } from './kubelet.ts'
import { watchServices } from './service-table.ts'

const prefix = `axo-kubelet-${process.pid}`
const nodeNetns = `/run/netns/${prefix}-node`
const podNetns = (uid: string) => `/run/netns/${prefix}-${uid}`
const log = createLogger({ sink: () => {} })
const statusSchema = z.looseObject({
  status: z.looseObject({
    phase: z.string().optional(),
    podIP: z.string().optional(),
    conditions: z
      .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
      .optional(),
  }),
})

// The apiserver and the namespaces are real; the CNI plugin is a script that says what it was asked.
describe.runIf(process.getuid?.() === 0)('kubelet', () => {
  let directory: string
  let scope: Scope
  let server: ApiServer
  let client: K8sClient

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'axo-kubelet-'))
    scope = new Scope('test')
    createNetns(nodeNetns)
    raiseLoopback(nodeNetns)
    server = scope.use(await startApiServer({ listen: { host: '127.0.0.1', port: 0 }, log }))
    const kubeconfigPath = join(directory, 'kubeconfig')
    writeFileSync(kubeconfigPath, formatKubeconfig(plainAccess(server.url), 'x'))
    client = scope.use(await openK8sClient({ kubeconfigPath, userAgent: 'test' }))
    startKubelet()
  })
  afterEach(async () => {
    await scope.close()
    for (const name of readdirSync('/run/netns'))
      if (name.startsWith(prefix)) deleteNetns(`/run/netns/${name}`)
    rmSync(directory, { recursive: true })
  })

  function startKubelet({ name = 'node1', podless = false } = {}) {
    const plugin = join(directory, 'plugin')
    writeFileSync(
      plugin,
      `#!/bin/sh
      echo "$CNI_COMMAND $CNI_NETNS" >> ${directory}/calls
      [ -e ${directory}/broken ] && { echo '{"code":11,"msg":"not today"}'; exit 1; }
      [ $CNI_COMMAND = ADD ] && echo '{"cniVersion":"1.1.0","ips":[{"address":"10.9.8.7/32"}]}'
      exit 0`,
    )
    chmodSync(plugin, 0o755)
    const conflistPath = join(directory, 'conflist')
    writeFileSync(conflistPath, JSON.stringify({ cniVersion: '1.1.0', name: 'n', plugins: [{ type: 'p' }] }))
    const services = watchServices({ client, log, signal: scope.signal })
    scope.use(services.reflector)
    const kubelet = createKubelet({
      node: { name, address: '127.0.0.1', netns: nodeNetns },
      cni: createCniRuntime({
        conflistPath,
        executableOf: () => plugin,
        env: { PATH: process.env.PATH ?? '' },
      }),
      ...{ client, services: services.table, log, podNetns, podless },
      inTurn: createLimiter(2),
      onCniAdd: () => {},
    })
    kubelet.setWaitingFor('')
    scope.run((signal) => kubelet.run(signal))
  }

  const podsPath = '/api/v1/namespaces/default/pods'
  const createPod = async (name: string, spec: object = {}) => {
    const body = {
      metadata: { name, labels: { app: name } },
      spec: {
        nodeName: 'node1',
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }],
        ...spec,
      },
    }
    const created = await createJson(client, podsPath, { body })
    return z.looseObject({ metadata: z.looseObject({ uid: z.string() }) }).parse(created).metadata.uid
  }
  const statusOf = async (name: string) =>
    statusSchema.parse(await getJson(client, `${podsPath}/${name}`)).status
  const isKubeletReady = (node: unknown) => JSON.stringify(node).includes('KubeletReady')
  const isReady = async (name: string) =>
    (await statusOf(name)).conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
    true
  const becomesReady = (name: string) => vi.waitUntil(() => isReady(name), { timeout: 15_000, interval: 20 })
  const isGone = async (name: string) =>
    getJson(client, `${podsPath}/${name}`).then(
      () => false,
      (error: { status?: number }) => error.status === 404,
    )
  const answer = async (netns: string, port: number) => {
    const socket = await connectInNetns({ netns, address: '127.0.0.1', port, timeoutMs: 5_000 })
    socket.end('hi\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    return text
  }

  it('registers its node and keeps its lease', async () => {
    await vi.waitUntil(() => getJson(client, '/api/v1/nodes/node1').then(isKubeletReady, () => false))
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node1'
    await vi.waitUntil(() =>
      getJson(client, leases).then(
        () => true,
        () => false,
      ),
    )
  })

  it('runs a pod, follows its services and takes it away', async () => {
    const uid = await createPod('web')
    await becomesReady('web')
    expect(await statusOf('web')).toMatchObject({ phase: 'Running', podIP: '10.9.8.7' })
    expect(await answer(podNetns(uid), 80)).toBe('default/web 80 hi\n')

    const spec = { selector: { app: 'web' }, ports: [{ port: 8000, targetPort: 9000 }] }
    await createJson(client, '/api/v1/namespaces/default/services', {
      body: { metadata: { name: 's' }, spec },
    })
    await vi.waitUntil(
      () =>
        answer(podNetns(uid), 9000).then(
          () => true,
          () => false,
        ),
      { timeout: 15_000 },
    )

    await deleteJson(client, `${podsPath}/web`)
    await vi.waitUntil(() => isGone('web'), { timeout: 15_000 })
    expect(existsSync(podNetns(uid))).toBe(false)
  })

  it('only registers its node when the pods are somebody else’s', async () => {
    startKubelet({ name: 'node2', podless: true })
    const uid = await createPod('theirs', { nodeName: 'node2' })
    await vi.waitUntil(() => getJson(client, '/api/v1/nodes/node2').then(isKubeletReady, () => false))
    await createPod('ours')
    await becomesReady('ours')
    expect((await statusOf('theirs')).phase).toBe('Pending')
    expect(existsSync(podNetns(uid))).toBe(false)
  })

  it('runs a pod of the host network without CNI', async () => {
    await createPod('host', { hostNetwork: true })
    await becomesReady('host')
    expect(await statusOf('host')).toMatchObject({ podIP: '127.0.0.1' })
    expect(await answer(nodeNetns, 80)).toBe('default/host 80 hi\n')
    expect(existsSync(join(directory, 'calls'))).toBe(false)
  })

  it('says why a pod has no network, and tries again', async () => {
    writeFileSync(join(directory, 'broken'), '')
    await createPod('late')
    const message = async () =>
      (await statusOf('late')).conditions?.find(({ type }) => type === 'Ready')?.message
    await vi.waitUntil(async () => (await message())?.includes('not today'), { timeout: 15_000 })
    rmSync(join(directory, 'broken'))
    await becomesReady('late')
  })

  it('survives cuts and forgotten history, and sees what happened meanwhile', async () => {
    const uid = await createPod('one')
    await becomesReady('one')
    server.faults.compact()
    server.faults.cutWatches()
    await createPod('two')
    await becomesReady('two')
    server.faults.cutWatches()
    await deleteJson(client, `${podsPath}/one`)
    await vi.waitUntil(() => isGone('one'), { timeout: 15_000 })
    expect(existsSync(podNetns(uid))).toBe(false)
    await patchJson(client, `${podsPath}/two`, { type: 'merge', body: { metadata: { labels: { a: 'b' } } } })
    expect(await isReady('two')).toBe(true)
  })
})
