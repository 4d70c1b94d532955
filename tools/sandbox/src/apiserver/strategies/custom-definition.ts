import type { FieldProblem } from '../errors.ts'
import { at, clone, ensureObject, objectsAt, setDefault, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { Strategy } from '../resources/types.ts'
import { required, unsupported, wrong } from './problems.ts'

/**
 * CustomResourceDefinitions. Their names are accepted and served at once, so the conditions say so from the start.
 */
export function customDefinitionStrategy({
  isTaken,
}: {
  isTaken: (definition: KubeObject) => boolean
}): Strategy {
  return {
    defaults(definition) {
      const spec = ensureObject(definition, 'spec')
      const names = ensureObject(spec, 'names')
      const kind = textAt(names, 'kind')
      setDefault(names, 'singular', kind.toLowerCase())
      setDefault(names, 'listKind', `${kind}List`)
      setDefault(ensureObject(spec, 'conversion'), 'strategy', 'None')
    },
    prepareCreate(definition) {
      const storage = objectsAt(definition, 'spec', 'versions').find((version) => version.storage === true)
      const condition = (type: string, reason: string, message: string) => ({
        type,
        status: 'True',
        lastTransitionTime: definition.metadata.creationTimestamp,
        reason,
        message,
      })
      definition.status = {
        acceptedNames: clone(at(definition, 'spec', 'names')),
        storedVersions: [textAt(storage, 'name')],
        conditions: [
          condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
          condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
        ],
      }
    },
    validate: (definition, old) => [
      ...definitionProblems(definition),
      ...(old === undefined && isTaken(definition)
        ? [
            wrong(
              'spec.names',
              textAt(definition, 'spec', 'names', 'plural'),
              'another resource is served under this name',
            ),
          ]
        : []),
    ],
  }
}

function definitionProblems(definition: KubeObject): FieldProblem[] {
  const problems: FieldProblem[] = []
  const [group, plural] = [textAt(definition, 'spec', 'group'), textAt(definition, 'spec', 'names', 'plural')]
  if (group === '') problems.push(required('spec.group'))
  if (plural === '') problems.push(required('spec.names.plural'))
  if (textAt(definition, 'spec', 'names', 'kind') === '') problems.push(required('spec.names.kind'))
  if (definition.metadata.name !== `${plural}.${group}`)
    problems.push(
      wrong('metadata.name', definition.metadata.name, 'must be spec.names.plural+"."+spec.group'),
    )
  const scope = at(definition, 'spec', 'scope')
  if (scope !== 'Cluster' && scope !== 'Namespaced')
    problems.push(unsupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  const versions = objectsAt(definition, 'spec', 'versions')
  if (versions.length === 0) problems.push(required('spec.versions'))
  else if (versions.filter((version) => version.storage === true).length !== 1)
    problems.push(
      wrong(
        'spec.versions',
        versions.map((version) => version.name ?? null),
        'must have exactly one version marked as storage version',
      ),
    )
  for (const [i, version] of versions.entries())
    if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(textAt(version, 'name')))
      problems.push(wrong(`spec.versions[${i}].name`, version.name, 'a DNS-1035 label is required'))
  return problems
}
