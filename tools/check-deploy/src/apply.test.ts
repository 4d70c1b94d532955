import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApiserver, type TestApiserver } from './test-apiserver.ts'
import { manifestDirectory } from './test-manifests.ts'

let server: TestApiserver
beforeAll(async () => {
  server = await startTestApiserver()
})
afterAll(() => server[Symbol.asyncDispose]())

it('an apiserver accepts the manifests, and has nothing to change the second time', async () => {
  const apply = async () => {
    const output = await server.kubectl('apply', '--validate=strict', '-k', manifestDirectory)
    const lines = output.trimEnd().split('\n')
    return lines.map((line) => line.replace(/-[a-z0-9]{10} /, ' '))
  }
  const objects = [
    'serviceaccount/axoneme-agent',
    'serviceaccount/axoneme-operator',
    'clusterrole.rbac.authorization.k8s.io/axoneme-agent',
    'clusterrole.rbac.authorization.k8s.io/axoneme-operator',
    'clusterrolebinding.rbac.authorization.k8s.io/axoneme-agent',
    'clusterrolebinding.rbac.authorization.k8s.io/axoneme-operator',
    'role.rbac.authorization.k8s.io/axoneme-operator',
    'rolebinding.rbac.authorization.k8s.io/axoneme-operator',
    'configmap/axoneme',
    'configmap/axoneme-agent',
    'configmap/axoneme-operator',
    'deployment.apps/axoneme-operator',
    'daemonset.apps/axoneme-agent',
  ]
  expect((await apply()).sort()).toEqual(objects.map((name) => `${name} created`).sort())
  expect((await apply()).sort()).toEqual(objects.map((name) => `${name} unchanged`).sort())
})

it('it would not accept a field that does not exist', async () => {
  const copy = join(server.directory, 'wrong')
  cpSync(manifestDirectory, copy, { recursive: true })
  const file = join(copy, 'agent.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('updateStrategy:', 'updateStrategies:'))
  await expect(server.kubectl('apply', '--validate=strict', '-k', copy)).rejects.toThrow(
    'unknown field "spec.updateStrategies"',
  )
})
