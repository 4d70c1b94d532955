import { type EndpointId, type EndpointRow, endpointKey } from '@axoneme/endpoint'
import type { Target } from '@axoneme/reconciler'
import type { Table } from '@axoneme/tables'
import { deleteEndpointEntry, readEndpointMap } from './endpoint-map.ts'
import { pinnedEndpoints, removePins } from './endpoint-pins.ts'
import { UndoFailedError } from './errors.ts'
import { hostInterfacePattern, removePodLink, takeOverPodLink } from './pod-link.ts'
import { type EndpointTools, type Realised, realiseEndpoint } from './realise-endpoint.ts'
import type { EndpointDatapathRow } from './types.ts'

export type EndpointTargetOptions = EndpointTools &
  Readonly<{
    /** All endpoints of the node, also those that are not ready: what is not of one of them is pruned. */
    endpoints: Table<EndpointRow>
    onOutcome: ((outcome: 'success' | 'fail') => void) | undefined
  }>

/**
 * [endpoint-datapaths] -> veth pair, policy map, programs, endpoints map, route. An endpoint whose first attempt fails
 * has nothing in the kernel afterwards; one that ran before runs on as it was, as far as the attempt did not get.
 */
export function endpointTarget(options: EndpointTargetOptions): Target<EndpointDatapathRow> & Disposable {
  const { netlink, paths, endpoints, endpointMap, programs, state } = options
  const realised = new Map<EndpointId, Realised>()

  const forget = (id: EndpointId) => {
    realised.get(id)?.policyMap.close()
    realised.delete(id)
  }
  const removeObjects = (id: EndpointId) => {
    forget(id)
    programs.removeCall(id)
    removePins(paths, id)
    state.remove(id)
  }
  const remove = async (endpoint: EndpointRow) => {
    deleteEndpointEntry(endpointMap, endpoint)
    await removePodLink(netlink, endpoint)
    removeObjects(endpoint.id)
  }
  const undo = async (endpoint: EndpointRow, error: unknown) => {
    try {
      await remove(endpoint)
    } catch (undoError) {
      throw new UndoFailedError(`endpoint ${endpoint.id}`, { error, undoError })
    }
  }
  const update = async (row: EndpointDatapathRow) => {
    const { endpoint } = row
    const link = await takeOverPodLink(netlink, endpoint)
    try {
      const before = realised.get(endpoint.id)
      realised.set(endpoint.id, await realiseEndpoint(options, row, { link, before }))
    } catch (error) {
      // What was reached is unknown: the next attempt does everything again.
      forget(endpoint.id)
      if (link === undefined) await undo(endpoint, error)
      throw error
    }
  }
  return {
    async update(row) {
      const startedMs = performance.now()
      const before = realised.get(row.endpoint.id)?.endpoint
      if (before !== undefined && before.podMac !== row.endpoint.podMac) await remove(before)
      try {
        await update(row)
      } catch (error) {
        options.onOutcome?.('fail')
        throw error
      }
      options.onStep?.('total', performance.now() - startedMs)
      options.onOutcome?.('success')
    },
    delete: (_key, { endpoint }) => remove(endpoint),
    async prune() {
      const known = (id: EndpointId) => endpoints.get(endpointKey(id))
      for (const { key, id, ipv4 } of readEndpointMap(endpointMap)) {
        if (known(id)?.ipv4 !== ipv4) endpointMap.delete(key)
      }
      const names = new Set(Array.from(endpoints.rows(), (row) => row.hostIfName))
      for (const { ifIndex, name, kind } of netlink.links()) {
        if (kind === 'veth' && hostInterfacePattern.test(name) && !names.has(name)) {
          await netlink.removeLink(ifIndex)
        }
      }
      for (const id of new Set([...pinnedEndpoints(paths), ...state.ids()])) {
        if (known(id) === undefined) removeObjects(id)
      }
    },
    [Symbol.dispose]() {
      for (const id of [...realised.keys()]) forget(id)
    },
  }
}
