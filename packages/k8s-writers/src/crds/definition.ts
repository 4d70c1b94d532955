/** An OpenAPI v3 schema as a CustomResourceDefinition holds it. */
export type JsonSchema = Readonly<{
  type: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  description?: string
  properties?: Readonly<Record<string, JsonSchema>>
  additionalProperties?: JsonSchema
  items?: JsonSchema
  required?: readonly string[]
  'x-kubernetes-preserve-unknown-fields'?: boolean
}>

export type PrinterColumn = Readonly<{
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  description?: string
}>

/** What tells our custom resources apart; everything else is the same for all of them. */
export type ResourceDefinition = Readonly<{
  kind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  scope: 'Cluster' | 'Namespaced'
  columns: readonly PrinterColumn[]
  /** The properties beside apiVersion, kind and metadata. */
  properties: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  /** Whether status is written on its own, and left out of all other writes; yes without it. */
  statusSubresource?: boolean
}>

/** An object of which any content is kept. */
export const anyObject: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

export const ageColumn: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/** Grows with every change of a schema; a cluster that has a higher one was written by a newer operator. */
export const schemaVersion = 2
export const schemaVersionLabel = 'axoneme.io/schema-version'

export function definitionName(definition: ResourceDefinition): string {
  return `${definition.plural}.cilium.io`
}

/** The whole apiextensions.k8s.io/v1 object. */
export function customResourceDefinition(definition: ResourceDefinition) {
  const { kind, plural, singular, shortNames, scope, columns, properties, required = [] } = definition
  const { statusSubresource = true } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: definitionName(definition),
      labels: { [schemaVersionLabel]: String(schemaVersion) },
    },
    spec: {
      group: 'cilium.io',
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: ['cilium'] },
      versions: [
        {
          name: 'v2',
          served: true,
          storage: true,
          additionalPrinterColumns: columns,
          subresources: statusSubresource ? { status: {} } : {},
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['metadata', ...required],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                ...properties,
              },
            },
          },
        },
      ],
    },
  } as const
}
