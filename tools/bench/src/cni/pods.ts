import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createJson, deleteJson, type K8sClient } from '@axoneme/k8s-client'
import { type Instance, podNetns } from '@axoneme/sandbox'
import { connectInNetns, createNetns, deleteNetns, serveTcpInNetns } from '@axoneme/syscalls'
import { z } from 'zod'
import { BenchError } from '../errors.ts'

/** A pod that is bound to the node and waits for its network, with a server in it already. */
export type BenchPod = Readonly<{
  namespace: string
  name: string
  uid: string
  containerId: string
  netns: string
}>

const namespace = 'default'
const port = 8080
const podsPath = `/api/v1/namespaces/${namespace}/pods`
const createdSchema = z.looseObject({ metadata: z.looseObject({ uid: z.string() }) })

/** Pods of this many applications: most pods of a node share their identity with others. */
const applicationCount = 10

/** Closing it closes the servers of all pods that are left; their namespaces go with the sandbox. */
export type PodMaker = Disposable &
  Readonly<{
    make(name: string): Promise<BenchPod>
    /** The pod's object, namespace and server go; its network is the caller's to release first. */
    remove(pod: BenchPod): Promise<void>
  }>

/** Makes pods on `nodeName`, where no kubelet looks after them. */
export function createPodMaker({
  instance,
  client,
  nodeName,
  signal,
}: {
  instance: Instance
  client: K8sClient
  nodeName: string
  signal: AbortSignal
}): PodMaker {
  let made = 0
  const servers = new Map<string, Server>()
  const closeServer = (uid: string) => {
    servers.get(uid)?.close()
    servers.delete(uid)
  }
  return {
    async make(name) {
      const labels = { app: `app-${made++ % applicationCount}` }
      const spec = {
        nodeName,
        containers: [{ name: 'main', image: 'none', ports: [{ containerPort: port }] }],
      }
      const object = await createJson(client, podsPath, {
        body: { metadata: { name, labels }, spec },
        signal,
      })
      const { uid } = createdSchema.parse(object).metadata
      const netns = podNetns(instance, uid)
      createNetns(netns)
      const server = await serveTcpInNetns({ netns, address: '0.0.0.0', port }, (socket) => {
        // Its last packets may never come through: the pod's network goes right after its answer.
        socket.unref().on('error', () => socket.destroy())
        socket.end(name)
      })
      servers.set(uid, server)
      return { namespace, name, uid, containerId: randomBytes(32).toString('hex'), netns }
    },
    async remove({ name, uid, netns }) {
      closeServer(uid)
      deleteNetns(netns)
      await deleteJson(client, `${podsPath}/${name}`, { body: { gracePeriodSeconds: 0 }, signal })
    },
    [Symbol.dispose]() {
      for (const uid of [...servers.keys()]) closeServer(uid)
    },
  }
}

/** Connects to the pod from the node, as a kubelet's probe does. Throws BenchError when something else answers. */
export async function askPod(
  pod: BenchPod,
  { from, address, signal }: { from: string; address: string; signal: AbortSignal },
): Promise<void> {
  const socket = await connectInNetns({ netns: from, address, port, timeoutMs: 10_000, signal })
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  await once(socket, 'end', { signal })
  socket.destroy()
  if (text !== pod.name) throw new BenchError(`pod ${pod.name} at ${address} answered '${text}'`)
}
