import { createHash } from 'node:crypto'
import type { PodTemplate, PodValues } from './pod-templates.ts'

/** A pod of the simulated cluster, and how often parts of it were made anew. */
export type BenchPod = { readonly index: number; sandboxes: number; restarts: number }

const podsPerDeployment = 10
const podsPerNode = 20

/**
 * The values of a pod at one state of it. All pods of a Deployment share its template, namespace, hash and owner; a
 * sandbox that is made anew has other addresses, a container that is restarted only another id.
 */
export function valuesOf(
  { index, sandboxes, restarts }: BenchPod,
  { original, resourceVersion }: { original: PodValues; resourceVersion: number },
): PodValues {
  const deployment = Math.floor(index / podsPerDeployment)
  const node = Math.floor(index / podsPerNode)
  const address = index * 8 + (sandboxes % 8)
  return {
    suffix: digest(`pod ${index}`).slice(0, original.suffix.length),
    templateHash: digest(`template ${deployment}`).slice(0, original.templateHash.length),
    namespace: `team-${String(deployment % 100).padStart(2, '0')}`,
    uid: uuid(`pod ${index}`),
    ownerUid: uuid(`owner ${deployment}`),
    nodeName: original.nodeName.slice(0, -4) + String(node % 10_000).padStart(4, '0'),
    hostIP: ipv4Like(original.hostIP, node),
    podIPv4: ipv4Like(original.podIPv4, address),
    podIPv6: ipv6Like(original.podIPv6, address),
    containerHash: digest(`container ${index} ${sandboxes} ${restarts}`),
    resourceVersion: String(resourceVersion),
  }
}

/** The template that pods of the same Deployment share. */
export function templateOf(templates: readonly PodTemplate[], { index }: BenchPod): PodTemplate {
  return templates[Math.floor(index / podsPerDeployment) % templates.length] as PodTemplate
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function uuid(text: string): string {
  const hex = digest(`uid ${text}`)
  return [0, 8, 12, 16, 20].map((at, i) => hex.slice(at, at + [8, 4, 4, 4, 12][i]!)).join('-')
}

/** The `serial`th address that is written with as many characters, octet by octet, as `model`. */
function ipv4Like(model: string, serial: number): string {
  let rest = serial
  return model
    .split('.')
    .map((octet) => {
      const [low, count] = [
        [0, 10],
        [10, 90],
        [100, 156],
      ][octet.length - 1] as [number, number]
      const value = low + (rest % count)
      rest = Math.floor(rest / count)
      return String(value)
    })
    .join('.')
}

/** The same for IPv6, digit by digit; zero groups stay. */
function ipv6Like(model: string, serial: number): string {
  let rest = serial
  return model.replace(/(?<=:|^)[1-9a-f][0-9a-f]*/g, (group) =>
    group.replace(/[0-9a-f]/g, (_digit, at: number) => {
      const [low, count] = at === 0 ? [1, 15] : [0, 16]
      const value = low + (rest % count)
      rest = Math.floor(rest / count)
      return value.toString(16)
    }),
  )
}
