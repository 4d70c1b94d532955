import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clone, type JsonObject } from '../json.ts'
import { run } from '../testing.ts'
import { strategicMergePatch } from './strategic.ts'

const pod: JsonObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: '1', b: '2' }, finalizers: ['x/1', 'x/2'] },
  spec: {
    containers: [
      {
        name: 'one',
        image: 'i:1',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        ports: [{ containerPort: 80, protocol: 'TCP' }],
      },
      { name: 'two', image: 'i:2' },
    ],
    tolerations: [{ key: 'k', operator: 'Exists' }],
    volumes: [{ name: 'v', emptyDir: {} }],
  },
}

const cases: { name: string; patch: JsonObject }[] = [
  { name: 'merges maps and removes by null', patch: { metadata: { labels: { a: null, c: '3' } } } },
  { name: 'merges containers by name', patch: { spec: { containers: [{ name: 'two', image: 'new' }] } } },
  { name: 'adds a container', patch: { spec: { containers: [{ name: 'three', image: 'x' }] } } },
  {
    name: 'merges lists in lists',
    patch: {
      spec: {
        containers: [
          {
            name: 'one',
            env: [
              { name: 'B', value: '9' },
              { name: 'C', value: '3' },
            ],
          },
        ],
      },
    },
  },
  { name: 'removes an element', patch: { spec: { containers: [{ name: 'one', $patch: 'delete' }] } } },
  {
    name: 'removes an element and adds another',
    patch: {
      spec: {
        containers: [
          { name: 'one', $patch: 'delete' },
          { name: 'zero', image: 'z' },
        ],
      },
    },
  },
  { name: 'replaces atomic lists', patch: { spec: { tolerations: [{ key: 'other', operator: 'Exists' }] } } },
  { name: 'replaces a map on demand', patch: { metadata: { labels: { $patch: 'replace', z: '1' } } } },
  {
    name: 'replaces a merged list on demand',
    patch: { spec: { containers: [{ $patch: 'replace' }, { name: 'only', image: 'o' }] } },
  },
  { name: 'adds to sets', patch: { metadata: { finalizers: ['x/3', 'x/1'] } } },
  { name: 'takes out of sets', patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/1'] } } },
  {
    name: 'keeps only the named members of a union',
    patch: {
      spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] },
    },
  },
  {
    name: 'orders elements',
    patch: {
      spec: {
        '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }, { name: 'three' }],
        containers: [{ name: 'three', image: 'x' }],
      },
    },
  },
  {
    name: 'leaves what only the server has in its place',
    patch: {
      spec: {
        '$setElementOrder/containers': [{ name: 'zero' }, { name: 'two' }],
        containers: [{ name: 'zero', image: 'z' }],
      },
    },
  },
  {
    name: 'makes parents',
    patch: { spec: { affinity: { nodeAffinity: { x: 1 } }, nodeSelector: { a: 'b' } } },
  },
]

describe('strategicMergePatch', () => {
  it('does what kubectl itself computes for the same patch', async () => {
    const home = await mkdtemp(join(tmpdir(), `axoneme-patch-${process.pid}-`))
    try {
      await writeFile(join(home, 'pod.json'), JSON.stringify(pod))
      for (const { name, patch } of cases) {
        const { stdout, stderr } = await run(
          'kubectl',
          [
            'patch',
            '--local',
            '-f',
            join(home, 'pod.json'),
            '--type=strategic',
            '-o',
            'json',
            '-p',
            JSON.stringify(patch),
          ],
          { env: { HOME: home } },
        )
        expect(stderr).toBe('')
        expect({ name, result: strategicMergePatch(pod, patch, 'core.Pod') }).toEqual({
          name,
          result: JSON.parse(stdout),
        })
      }
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  }, 60_000)

  it('does not change what it is given', () => {
    for (const { patch } of cases) {
      const [podBefore, patchBefore] = [clone(pod), clone(patch)]
      strategicMergePatch(pod, patch, 'core.Pod')
      expect(pod).toEqual(podBefore)
      expect(patch).toEqual(patchBefore)
    }
  })

  it('changes nothing more when it is applied again', () => {
    for (const { name, patch } of cases) {
      const once = strategicMergePatch(pod, patch, 'core.Pod')
      expect({ name, result: strategicMergePatch(once, patch, 'core.Pod') }).toEqual({ name, result: once })
    }
  })

  it('refuses an element without its key', () => {
    expect(() => strategicMergePatch(pod, { spec: { containers: [{ image: 'x' }] } }, 'core.Pod')).toThrow(
      'merge key',
    )
  })

  it('never fails in another way than by a refusal', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('spec', 'containers', 'name', '$patch', 'metadata', 'volumes') }),
        (value) => {
          const patch: JsonObject = JSON.parse(JSON.stringify(value))
          try {
            strategicMergePatch(pod, patch, 'core.Pod')
          } catch (error) {
            expect(error).toMatchObject({ httpCode: 400 })
          }
        },
      ),
    )
  })
})
