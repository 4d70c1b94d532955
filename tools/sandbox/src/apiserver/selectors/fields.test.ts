import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../object.ts'
import { fieldMatcher, parseFieldSelector } from './fields.ts'

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a,b', namespace: 'ns', uid: '1', resourceVersion: '1', creationTimestamp: '' },
  spec: { nodeName: 'n1', hostNetwork: true },
}

describe('field selectors', () => {
  it.each([
    ['', true],
    ['metadata.name=a\\,b', true],
    ['metadata.namespace==ns,spec.nodeName=n1', true],
    ['spec.nodeName!=n1', false],
    ['spec.nodeName=', false],
    ['status.phase=', true],
    ['spec.hostNetwork=true', true],
  ])('%s selects: %s', (text, expected) => {
    const selectable = ['spec.nodeName', 'status.phase', 'spec.hostNetwork']
    expect(fieldMatcher(parseFieldSelector(text), selectable)(pod)).toBe(expected)
  })

  it('refuses fields that cannot be selected by, and what is no selector', () => {
    expect(() => fieldMatcher(parseFieldSelector('spec.secret=1'), [])).toThrow('field label not supported')
    expect(() => parseFieldSelector('metadata.name')).toThrow(expect.objectContaining({ httpCode: 400 }))
  })
})
