import { describe, expect, it } from 'vitest'
import { podSchema, serviceSchema } from './api-types.ts'
import { portsToServe } from './ports.ts'

const pod = podSchema.parse({
  metadata: { namespace: 'shop', name: 'web-1', uid: 'u1', labels: { app: 'web', tier: 'front' } },
  spec: {
    containers: [
      {
        name: 'a',
        ports: [
          { name: 'http', containerPort: 8080 },
          { containerPort: 53, protocol: 'UDP' },
        ],
      },
      {
        name: 'b',
        ports: [
          { name: 'admin', containerPort: 9000, protocol: 'TCP' },
          { containerPort: 5, protocol: 'SCTP' },
        ],
      },
    ],
  },
})
const service = (spec: object, namespace = 'shop') =>
  serviceSchema.parse({ metadata: { namespace, name: 's' }, spec })

describe('portsToServe', () => {
  it.each([
    { name: 'declared ports only', services: [], extra: [] },
    {
      name: 'a number',
      services: [service({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 81 }] })],
      extra: ['TCP/81'],
    },
    {
      name: 'no targetPort',
      services: [service({ selector: { app: 'web' }, ports: [{ port: 70 }] })],
      extra: ['TCP/70'],
    },
    {
      name: 'a name',
      services: [service({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'admin' }] })],
      extra: [],
    },
    {
      name: 'an unknown name',
      services: [service({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'x' }] })],
      extra: [],
    },
    {
      name: 'another label',
      services: [service({ selector: { app: 'db' }, ports: [{ port: 80 }] })],
      extra: [],
    },
    {
      name: 'another namespace',
      services: [service({ selector: { app: 'web' }, ports: [{ port: 80 }] }, 'x')],
      extra: [],
    },
    {
      name: 'no selector',
      services: [service({ ports: [{ port: 80 }] }), service({ selector: {}, ports: [{ port: 80 }] })],
      extra: [],
    },
    {
      name: 'UDP',
      services: [service({ selector: { tier: 'front' }, ports: [{ port: 99, protocol: 'UDP' }] })],
      extra: ['UDP/99'],
    },
  ])('with a service that has $name', ({ services, extra }) => {
    const texts = portsToServe(pod, services).map(({ protocol, port }) => `${protocol}/${port}`)
    expect(texts.toSorted()).toEqual(['TCP/8080', 'TCP/9000', 'UDP/53', ...extra].toSorted())
  })
})
