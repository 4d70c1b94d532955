import { ageColumn, anyObject, type ResourceDefinition } from './definition.ts'

/** A security identity: the name is its number. */
export const ciliumIdentityDefinition: ResourceDefinition = {
  kind: 'CiliumIdentity',
  plural: 'ciliumidentities',
  singular: 'ciliumidentity',
  shortNames: ['ciliumid'],
  scope: 'Cluster',
  columns: [
    {
      name: 'Namespace',
      type: 'string',
      jsonPath: '.metadata.labels.io\\.kubernetes\\.pod\\.namespace',
      description: 'The namespace of the pods that have it',
    },
    ageColumn,
  ],
  required: ['security-labels'],
  properties: {
    'security-labels': {
      type: 'object',
      description: 'The labels that the identity stands for, with their sources',
      additionalProperties: { type: 'string' },
    },
    status: anyObject,
  },
}
