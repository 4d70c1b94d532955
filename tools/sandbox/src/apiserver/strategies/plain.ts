import { ensureObject, isObject, objectsAt, setDefault, stringMapAt, textAt } from '../json.ts'
import type { Strategy } from '../resources/types.ts'
import { unsupported } from './problems.ts'

/** Stored as it comes. */
export const plainStrategy: Strategy = {}

export const secretStrategy: Strategy = {
  defaults(secret) {
    setDefault(secret, 'type', 'Opaque')
    // stringData is write-only: it becomes data, base64-encoded.
    const strings = Object.entries(stringMapAt(secret, 'stringData'))
    if (strings.length > 0) {
      const data = ensureObject(secret, 'data')
      for (const [key, value] of strings) data[key] = Buffer.from(value).toString('base64')
    }
    delete secret.stringData
  },
}

export const endpointSliceStrategy: Strategy = {
  defaults(slice) {
    if (!Array.isArray(slice.endpoints)) slice.endpoints = []
    for (const port of objectsAt(slice, 'ports')) {
      if (port.name === undefined || port.name === null) port.name = ''
      setDefault(port, 'protocol', 'TCP')
    }
  },
  validate: (slice) => {
    const types = ['FQDN', 'IPv4', 'IPv6']
    const type = textAt(slice, 'addressType')
    return types.includes(type) ? [] : [unsupported('addressType', type, types)]
  },
}

/** A node registers with the status that its kubelet knows. */
export const nodeStrategy: Strategy = {
  defaults(node) {
    const spec = ensureObject(node, 'spec')
    const podCidr = textAt(spec, 'podCIDR')
    if (podCidr !== '' && !Array.isArray(spec.podCIDRs)) spec.podCIDRs = [podCidr]
    if (!isObject(node.status)) node.status = {}
  },
}

export const volumeClaimStrategy: Strategy = {
  defaults(claim) {
    setDefault(ensureObject(claim, 'spec'), 'volumeMode', 'Filesystem')
  },
  prepareCreate(claim) {
    claim.status = { phase: 'Pending' }
  },
}
