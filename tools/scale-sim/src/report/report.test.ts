import { expect, it } from 'vitest'
import { sumOf, trafficBetween } from '../apiserver/traffic.ts'
import { distributionOf } from '../kvstore/distribution.ts'
import { eventsIn } from '../run/agent-events.ts'
import { plotSvg } from './svg.ts'

it('a plot has every line within its frame, and text as text', () => {
  const svg = plotSvg('a <b> & c', [
    {
      title: 'requests',
      unit: 'a second',
      lines: [
        {
          label: 'ok',
          points: [
            [0, 0],
            [5, 130],
            [10, 70],
          ],
        },
      ],
    },
    { title: 'nothing', unit: '%', lines: [] },
  ])
  expect(svg).toContain('a &lt;b&gt; &amp; c')
  const points =
    /points="([^"]*)"/
      .exec(svg)?.[1]
      ?.split(' ')
      .map((point) => point.split(',').map(Number)) ?? []
  expect(points).toHaveLength(3)
  expect(points[0]?.[0]).toBe(70)
  expect(points[2]?.[0]).toBe(710)
  // 130 of 200, the next round number.
  expect(points[1]?.[1]).toBeCloseTo(34 + 230 * (1 - 130 / 200))
})

it('differences leave out what did not change, and sums are by whole words', () => {
  const reading = { bytes: {}, events: {}, watches: 3 }
  const between = trafficBetween(
    { ...reading, answers: { 'agent list pods 200': 4, 'agent list pods 429': 1 } },
    {
      ...reading,
      answers: { 'agent list pods 200': 6, 'agent list pods 429': 1, 'agent-2 get nodes 200': 9 },
    },
  )
  expect(between.answers).toEqual({ 'agent list pods 200': 2, 'agent-2 get nodes 200': 9 })
  expect(sumOf(between.answers, 'agent')).toBe(2)
  expect(sumOf(between.answers, '', '200')).toBe(11)
})

it.each([
  [[], { count: 0, p50: 0, p99: 0, max: 0 }],
  [[5], { count: 1, p50: 5, p99: 5, max: 5 }],
  [Array.from({ length: 100 }, (_, i) => 100 - i), { count: 100, p50: 50, p99: 99, max: 100 }],
])('the distribution of %j', (values, expected) => {
  expect(distributionOf(values)).toEqual(expected)
})

it("an agent's metrics tell which events it needed", () => {
  const metrics = `# TYPE cilium_kubernetes_events_received_total counter
cilium_kubernetes_events_received_total{scope="nodes",action="update",valid="true",equal="true"} 7
cilium_kubernetes_events_received_total{scope="pods",action="create",valid="true",equal="false"} 2
cilium_kubernetes_events_received_total{scope="nodes",action="update",valid="true",equal="false"} 1
cilium_kubernetes_events_total{scope="nodes",action="update",status="success"} 99
`
  expect(eventsIn(metrics)).toEqual({ received: 10, needed: 3, neededNodes: 1 })
})
