import { describe, expect, it } from 'vitest'
import { resourcePath } from './index.ts'
import { requestInfoOf } from './request-info.ts'

describe('requestInfoOf', () => {
  it.each([
    ['GET', '/api/v1/pods', false, 'list', 'pods'],
    ['GET', '/api/v1/pods', true, 'watch', 'pods'],
    ['GET', '/api/v1/namespaces/a/pods/b', false, 'get', 'pods'],
    ['PATCH', '/api/v1/namespaces/a/pods/b/status', false, 'patch', 'pods/status'],
    ['GET', '/api/v1/namespaces', false, 'list', 'namespaces'],
    ['PUT', '/api/v1/namespaces/a/finalize', false, 'update', 'namespaces/finalize'],
    ['POST', '/apis/cilium.io/v2/ciliumnodes', false, 'create', 'ciliumnodes'],
    ['DELETE', '/apis/cilium.io/v2/ciliumnodes/a', false, 'delete', 'ciliumnodes'],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments', false, 'deletecollection', 'deployments'],
    ['GET', '/version', false, 'get', '/version'],
    ['GET', '/apis', false, 'get', '/apis'],
  ])('%s %s (watch %s) is %s %s', (method, path, isWatch, verb, resource) => {
    expect(requestInfoOf({ method, path, isWatch })).toEqual({ verb, resource })
  })
})

describe('resourcePath', () => {
  it.each([
    [{ apiVersion: 'v1', resource: 'pods' }, '/api/v1/pods'],
    [{ apiVersion: 'v1', resource: 'pods', namespace: 'a', name: 'b' }, '/api/v1/namespaces/a/pods/b'],
    [
      { apiVersion: 'cilium.io/v2', resource: 'ciliumnodes', name: '../x', subresource: 'status' },
      '/apis/cilium.io/v2/ciliumnodes/..%2Fx/status',
    ],
  ])('%j is %s', (parts, path) => {
    expect(resourcePath(parts)).toBe(path)
  })
})
