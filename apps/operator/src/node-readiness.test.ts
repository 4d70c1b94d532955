import { createInterner, nodeDecoder } from '@axoneme/slim-types'
import { expect, it } from 'vitest'
import { type AgentPod, agentPodDecoder } from './agent-pods.ts'
import { nodeFix } from './node-readiness.ts'

const key = 'node.cilium.io/agent-not-ready'
const all = {
  removeCiliumNodeTaints: true,
  setCiliumNodeTaints: true,
  setCiliumIsUpCondition: true,
  agentNotReadyTaintKey: key,
}
const none = {
  ...all,
  removeCiliumNodeTaints: false,
  setCiliumNodeTaints: false,
  setCiliumIsUpCondition: false,
}

const node = (taintKeys: string[], networkUnavailable: string) =>
  nodeDecoder(createInterner()).fromJson({
    metadata: { name: 'a', resourceVersion: '7' },
    spec: { taints: taintKeys.map((taint) => ({ key: taint, effect: 'NoSchedule' })) },
    status: { conditions: [{ type: 'NetworkUnavailable', status: networkUnavailable }] },
  })
const pod = (status: string, extra: object = {}): AgentPod =>
  agentPodDecoder.fromJson({
    metadata: { name: 'agent', namespace: 'kube-system', resourceVersion: '1', ...extra },
    spec: { nodeName: 'a' },
    status: { conditions: [{ type: 'Ready', status }] },
  })
const [ready, starting] = [pod('True'), pod('False')]
const ending = pod('True', { deletionTimestamp: '2026-01-01T00:00:00Z' })
const fix = { name: 'a', resourceVersion: 7 }

it.each([
  { name: 'no agent', node: node([key], 'True'), agents: [], want: undefined },
  { name: 'no node', node: undefined, agents: [ready], want: undefined },
  { name: 'all well', node: node(['other'], 'False'), agents: [ready], want: undefined },
  {
    name: 'ready, taint',
    node: node([key], 'False'),
    agents: [ready],
    want: { taint: false, markAvailable: false },
  },
  {
    name: 'ready, condition',
    node: node([], 'True'),
    agents: [ready],
    want: { taint: undefined, markAvailable: true },
  },
  {
    name: 'ready, both',
    node: node([key], ''),
    agents: [ready],
    want: { taint: false, markAvailable: true },
  },
  {
    name: 'starting',
    node: node([], 'True'),
    agents: [starting],
    want: { taint: true, markAvailable: false },
  },
  { name: 'starting, tainted', node: node([key], 'True'), agents: [starting], want: undefined },
  { name: 'ending', node: node([], 'False'), agents: [ending], want: { taint: true, markAvailable: false } },
  {
    name: 'one ends, one is ready',
    node: node([key], 'False'),
    agents: [ending, ready],
    want: { taint: false, markAvailable: false },
  },
])('$name', ({ node, agents, want }) => {
  expect(nodeFix(node, agents, all)).toEqual(want === undefined ? undefined : { ...fix, ...want })
  expect(nodeFix(node, agents, none)).toBeUndefined()
})
