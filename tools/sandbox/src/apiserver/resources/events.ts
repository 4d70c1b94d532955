import type { JsonObject } from '../json.ts'

/** events.k8s.io/v1 name -> core/v1 name: the two groups are views of the same objects. */
const renamed = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const

export const eventConversion = {
  toStored: (event: JsonObject) => {
    for (const [served, stored] of renamed) rename(event, served, stored)
  },
  fromStored: (event: JsonObject) => {
    for (const [served, stored] of renamed) rename(event, stored, served)
  },
}

function rename(object: JsonObject, from: string, to: string): void {
  if (object[from] === undefined) return
  object[to] = object[from]
  delete object[from]
}
