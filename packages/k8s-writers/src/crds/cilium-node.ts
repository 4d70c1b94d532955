import { ageColumn, anyObject, type ResourceDefinition } from './definition.ts'

/** A node as the other nodes see it: its addresses, and the ranges that its pods' addresses are from. */
export const ciliumNodeDefinition: ResourceDefinition = {
  kind: 'CiliumNode',
  plural: 'ciliumnodes',
  singular: 'ciliumnode',
  shortNames: ['cn', 'ciliumn'],
  scope: 'Cluster',
  columns: [
    {
      name: 'CiliumInternalIP',
      type: 'string',
      jsonPath: '.spec.addresses[?(@.type=="CiliumInternalIP")].ip',
      description: 'The address of the agent in the range of its pods',
    },
    {
      name: 'InternalIP',
      type: 'string',
      jsonPath: '.spec.addresses[?(@.type=="InternalIP")].ip',
      description: 'The address of the node',
    },
    ageColumn,
  ],
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      // Fields of other IPAM modes and clouds: users' objects keep them.
      'x-kubernetes-preserve-unknown-fields': true,
      properties: {
        addresses: {
          type: 'array',
          items: { type: 'object', properties: { type: { type: 'string' }, ip: { type: 'string' } } },
        },
        bootid: { type: 'string' },
        encryption: { type: 'object', properties: { key: { type: 'integer' } } },
        health: { type: 'object', properties: { ipv4: { type: 'string' }, ipv6: { type: 'string' } } },
        ipam: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { podCIDRs: { type: 'array', items: { type: 'string' } } },
        },
      },
    },
    status: anyObject,
  },
}
