import { isUtf8 } from 'node:buffer'
import {
  type ICompare,
  type IKeyValue,
  type IPutRequest,
  type IRangeRequest,
  type IRequestOp,
  Range,
} from 'etcd3'
import type { RangeRequest, StoredEntry, TransportCondition, TransportWrite } from '../transport.ts'

/** Every key that starts with `prefix`, as etcd's half-open interval. */
export function prefixRange(prefix: string): { key: Buffer; range_end: Buffer } {
  const { start, end } = Range.prefix(prefix)
  return { key: start, range_end: end }
}

export function rangeRequest(request: RangeRequest): IRangeRequest {
  const { key, prefix, revision, after, limit, minCreateRevision } = request
  const range: IRangeRequest = prefix ? prefixRange(key) : { key: Buffer.from(key) }
  // The smallest key after `after`.
  if (after !== undefined) range.key = Buffer.concat([Buffer.from(after), Buffer.of(0)])
  if (revision !== undefined) range.revision = revision
  if (limit !== undefined) range.limit = limit
  if (minCreateRevision !== undefined) range.min_create_revision = minCreateRevision
  return range
}

/** Undefined for a key that is not UTF-8: it is not ours, and could not be named. */
export function storedEntry(kv: IKeyValue): StoredEntry | undefined {
  if (!isUtf8(kv.key)) return undefined
  return {
    key: kv.key.toString(),
    value: kv.value.toString(),
    modRevision: Number(kv.mod_revision),
    createRevision: Number(kv.create_revision),
  }
}

/** etcd3's type lacks `range_end`, which its protocol definition has. */
type Compare = ICompare & { range_end?: Buffer }

export function compareOf(condition: TransportCondition): Compare {
  const { kind } = condition
  if (kind === 'prefix-empty') {
    // No key of the range may differ from "never created"; an empty range compares as such a key.
    return { target: 'Create', result: 'Equal', create_revision: 0, ...prefixRange(condition.prefix) }
  }
  const key = Buffer.from(condition.key)
  switch (kind) {
    case 'absent':
      return { target: 'Create', result: 'Equal', key, create_revision: 0 }
    case 'unchanged':
      return { target: 'Mod', result: 'Equal', key, mod_revision: condition.modRevision }
    case 'created-at':
      return { target: 'Create', result: 'Equal', key, create_revision: condition.createRevision }
    case 'value':
      return { target: 'Value', result: 'Equal', key, value: Buffer.from(condition.value) }
  }
}

export function operationOf(write: TransportWrite): IRequestOp {
  if (write.kind === 'delete') {
    return {
      request_delete_range: write.prefix ? prefixRange(write.key) : { key: Buffer.from(write.key) },
    }
  }
  return { request_put: putRequest(write) }
}

export function putRequest({ key, value, leaseId }: Extract<TransportWrite, { kind: 'put' }>): IPutRequest {
  const put = { key: Buffer.from(key), value: Buffer.from(value) }
  return leaseId === undefined ? put : { ...put, lease: leaseId }
}
