import type { Logger } from '@axoneme/log'
import { at, objectsAt, stringsAt, textAt } from '../json.ts'
import { type KubeObject, keyOf } from '../object.ts'
import type { Change } from '../store/history.ts'
import { plainStrategy } from '../strategies/plain.ts'
import { customColumns } from '../tables/custom.ts'
import { collectionOf, type VerbContext } from '../verbs/context.ts'
import type { Registry } from './registry.ts'
import { allVerbs, type ResourceType, type ScalePaths } from './types.ts'

/** Serves what CustomResourceDefinitions define, as they come, change and go; a definition's objects go with it. */
export function serveCustomResources({ context, log }: { context: VerbContext; log: Logger }): Disposable {
  const definitions = collectionOf(
    context,
    context.registry.mustFind('apiextensions.k8s.io', 'v1', 'customresourcedefinitions'),
  )
  return definitions.subscribe((change: Change) => {
    const { name } = change.object.metadata
    if (change.type !== 'DELETED') {
      context.registry.setCustom(name, customTypes(change.object))
      return
    }
    const [type] = context.registry
      .all()
      .filter((candidate) => candidate.storage === storageOf(change.object))
    context.registry.setCustom(name, [])
    if (type === undefined) return
    const objects = collectionOf(context, type)
    for (const object of objects.sorted()) objects.remove(keyOf(object))
    log.info('custom resource is no longer served', { resource: name })
  })
}

/** Whether something is served already under the names that the definition wants. */
export function isResourceServed(registry: Registry, definition: KubeObject): boolean {
  return registry.all().some((type) => type.storage === storageOf(definition))
}

function storageOf(definition: KubeObject): string {
  return `${textAt(definition, 'spec', 'group')}/${textAt(definition, 'spec', 'names', 'plural')}`
}

/** One type for each served version of the definition. */
function customTypes(definition: KubeObject): ResourceType[] {
  const names = at(definition, 'spec', 'names')
  const group = textAt(definition, 'spec', 'group')
  const versions = objectsAt(definition, 'spec', 'versions')
  const storage = textAt(
    versions.find((version) => version.storage === true),
    'name',
  )
  return versions
    .filter((version) => version.served === true)
    .map((version): ResourceType => {
      const name = textAt(version, 'name')
      const scale = scalePaths(at(version, 'subresources', 'scale'))
      return {
        group,
        version: name,
        kind: textAt(names, 'kind'),
        plural: textAt(names, 'plural'),
        singular: textAt(names, 'singular'),
        shortNames: stringsAt(names, 'shortNames'),
        categories: stringsAt(names, 'categories'),
        namespaced: textAt(definition, 'spec', 'scope') === 'Namespaced',
        verbs: allVerbs,
        storage: storageOf(definition),
        ...(name === storage ? {} : { storedAs: `${group}/${storage}` }),
        hasStatus: at(version, 'subresources', 'status') !== undefined,
        ...(scale === undefined ? {} : { scale }),
        actions: [],
        hasGeneration: true,
        selectableFields: objectsAt(version, 'selectableFields').map((field) =>
          withoutDot(textAt(field, 'jsonPath')),
        ),
        nameRule: 'subdomain',
        strategy: plainStrategy,
        columns: customColumns(objectsAt(version, 'additionalPrinterColumns')),
      }
    })
}

function scalePaths(scale: ReturnType<typeof at>): ScalePaths | undefined {
  if (scale === undefined) return undefined
  const labelSelector = withoutDot(textAt(scale, 'labelSelectorPath'))
  return {
    specReplicas: withoutDot(textAt(scale, 'specReplicasPath')),
    statusReplicas: withoutDot(textAt(scale, 'statusReplicasPath')),
    ...(labelSelector === '' ? {} : { labelSelector }),
  }
}

function withoutDot(path: string): string {
  return path.startsWith('.') ? path.slice(1) : path
}
