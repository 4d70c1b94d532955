import { z } from 'zod'

const portSchema = z.looseObject({
  name: z.string().optional(),
  containerPort: z.number().int().min(1).max(65535),
  protocol: z.string().optional(),
})
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  ports: z.array(portSchema).optional(),
})

/** What the kubelet reads of a pod. */
export const podSchema = z.looseObject({
  metadata: z.looseObject({
    namespace: z.string(),
    name: z.string(),
    uid: z.string().min(1),
    labels: z.record(z.string(), z.string()).optional(),
    deletionTimestamp: z.string().nullish(),
    deletionGracePeriodSeconds: z.number().nullish(),
  }),
  spec: z.looseObject({
    nodeName: z.string().optional(),
    hostNetwork: z.boolean().optional(),
    containers: z.array(containerSchema).min(1),
    initContainers: z.array(containerSchema).optional(),
  }),
})
export type KubeletPod = z.infer<typeof podSchema>

/** What the kubelet reads of a service. */
export const serviceSchema = z.looseObject({
  metadata: z.looseObject({ namespace: z.string(), name: z.string() }),
  spec: z.looseObject({
    selector: z.record(z.string(), z.string()).nullish(),
    ports: z
      .array(
        z.looseObject({
          port: z.number().int().min(1).max(65535),
          targetPort: z.union([z.number().int(), z.string()]).optional(),
          protocol: z.string().optional(),
        }),
      )
      .nullish(),
  }),
})
export type KubeletService = z.infer<typeof serviceSchema>

export function podKey(pod: KubeletPod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`
}

export function isDeleting(pod: KubeletPod): boolean {
  return pod.metadata.deletionTimestamp != null
}
