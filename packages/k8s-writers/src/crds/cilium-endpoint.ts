import { ageColumn, anyObject, type ResourceDefinition } from './definition.ts'

/** The state of a pod's endpoint; it has the name of the pod. */
export const ciliumEndpointDefinition: ResourceDefinition = {
  kind: 'CiliumEndpoint',
  plural: 'ciliumendpoints',
  singular: 'ciliumendpoint',
  shortNames: ['cep', 'ciliumep'],
  scope: 'Namespaced',
  columns: [
    {
      name: 'Security Identity',
      type: 'integer',
      jsonPath: '.status.identity.id',
      description: 'The identity of the endpoint',
    },
    {
      name: 'Endpoint State',
      type: 'string',
      jsonPath: '.status.state',
      description: 'ready, or what it is on its way to',
    },
    { name: 'IPv4', type: 'string', jsonPath: '.status.networking.addressing[0].ipv4' },
    { name: 'IPv6', type: 'string', jsonPath: '.status.networking.addressing[0].ipv6' },
    ageColumn,
  ],
  properties: { status: anyObject },
  // As Cilium's: an endpoint is created whole, in one write.
  statusSubresource: false,
}
