import type { FieldProblem } from '../errors.ts'
import { at, type Json, type JsonObject, objectsAt, textAt } from '../json.ts'
import { isDnsLabel, isDnsSubdomain } from '../verbs/names.ts'
import {
  countProblems,
  duplicate,
  labelMapProblems,
  objectListProblems,
  portOrNameProblems,
  portProblems,
  protocolProblems,
  required,
  unsupported,
  wrong,
} from './problems.ts'

/** Problems of a PodSpec, of the fields that this cluster acts on. `field` is where the spec is in its object. */
export function podSpecProblems(field: string, spec: Json | undefined): FieldProblem[] {
  if (at(spec) === undefined) return [required(field)]
  const problems: FieldProblem[] = []
  for (const list of ['containers', 'initContainers'])
    problems.push(...containerListProblems(`${field}.${list}`, at(spec, list)))
  if (objectsAt(spec, 'containers').length === 0) problems.push(required(`${field}.containers`))
  const restartPolicy = at(spec, 'restartPolicy')
  const policies = ['Always', 'OnFailure', 'Never']
  if (typeof restartPolicy !== 'string' || !policies.includes(restartPolicy))
    problems.push(unsupported(`${field}.restartPolicy`, restartPolicy, policies))
  problems.push(
    ...countProblems(`${field}.terminationGracePeriodSeconds`, at(spec, 'terminationGracePeriodSeconds')),
    ...labelMapProblems(`${field}.nodeSelector`, at(spec, 'nodeSelector')),
    ...objectListProblems(`${field}.tolerations`, at(spec, 'tolerations')),
    ...objectListProblems(`${field}.volumes`, at(spec, 'volumes')),
  )
  for (const name of ['nodeName', 'serviceAccountName', 'hostname', 'subdomain']) {
    const value = at(spec, name)
    if (value !== undefined && value !== null && typeof value !== 'string')
      problems.push(wrong(`${field}.${name}`, value, 'must be a string'))
    else if (typeof value === 'string' && value !== '' && !isDnsSubdomain(value))
      problems.push(wrong(`${field}.${name}`, value, 'must be a lowercase RFC 1123 subdomain'))
  }
  return problems
}

function containerListProblems(field: string, containers: Json | undefined): FieldProblem[] {
  const problems = objectListProblems(field, containers)
  const seen = new Set<string>()
  for (const [i, container] of objectsAt(containers).entries()) {
    const name = textAt(container, 'name')
    if (name === '') problems.push(required(`${field}[${i}].name`))
    else if (!isDnsLabel(name))
      problems.push(wrong(`${field}[${i}].name`, name, 'must be a lowercase RFC 1123 label'))
    else if (seen.has(name)) problems.push(duplicate(`${field}[${i}].name`, name))
    seen.add(name)
    if (textAt(container, 'image') === '') problems.push(required(`${field}[${i}].image`))
    problems.push(...containerPortProblems(`${field}[${i}].ports`, container))
  }
  return problems
}

function containerPortProblems(field: string, container: JsonObject): FieldProblem[] {
  const problems = objectListProblems(field, container.ports)
  const names = new Set<string>()
  for (const [i, port] of objectsAt(container, 'ports').entries()) {
    problems.push(...portProblems(`${field}[${i}].containerPort`, port.containerPort))
    problems.push(...protocolProblems(`${field}[${i}].protocol`, port.protocol))
    const name = port.name
    if (name === undefined || name === null || name === '') continue
    if (typeof name !== 'string') problems.push(wrong(`${field}[${i}].name`, name, 'must be a string'))
    else {
      problems.push(...portOrNameProblems(`${field}[${i}].name`, name))
      if (names.has(name)) problems.push(duplicate(`${field}[${i}].name`, name))
      names.add(name)
    }
  }
  return problems
}
