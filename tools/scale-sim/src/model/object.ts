/** Values as JSON has them. */
export type Json = string | number | boolean | null | Json[] | JsonObject
export type JsonObject = { [key: string]: Json | undefined }

type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export type ManagedFields = {
  manager: string
  operation: 'Update'
  apiVersion: string
  time: string
  fieldsType: 'FieldsV1'
  fieldsV1: JsonObject
  subresource?: string
}

type ObjectMeta = {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  /** Empty: the apiserver that stores the object writes it. */
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFields[]
}

/**
 * An object of the API, complete as an apiserver stores it. Objects of one cluster share the parts that are equal in
 * them, so that a hundred thousand fit into memory: copy before a change.
 */
export type ModelObject = JsonObject & { apiVersion: string; kind: string; metadata: ObjectMeta }

/** When everything was created. */
export const createdAt = '2026-11-22T20:25:37Z'

const kindCodes = {
  Node: 1,
  Pod: 2,
  Service: 3,
  EndpointSlice: 4,
  Namespace: 5,
  Lease: 6,
  CiliumNode: 7,
  ReplicaSet: 8,
} as const

export function uidOf(kind: keyof typeof kindCodes, index: number): string {
  const hex = index.toString(16).padStart(12, '0')
  return `5ca1e000-000${kindCodes[kind]}-4000-8000-${hex}`
}

/** A digest of 64 digits that looks as random as a real one: equal ones would compress and intern too well. */
export function digestOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193]
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193) >>> 0
    b = Math.imul(b + text.charCodeAt(i), 0x85ebca6b) >>> 0
  }
  let digest = ''
  for (let i = 0; i < 8; i++) {
    a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d) >>> 0
    b = (Math.imul(b ^ (b >>> 13), 0x297a2d39) + a) >>> 0
    digest += b.toString(16).padStart(8, '0')
  }
  return digest
}
