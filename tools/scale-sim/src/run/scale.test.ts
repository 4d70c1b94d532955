import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { canRun, runScaleSim } from '../testing/run-scale-sim.ts'
import type { ScaleReport } from './scale.ts'

it.runIf(canRun)(
  'a small cluster tells its agents nothing while it is idle, and of every pod that comes and goes',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), `axoneme-scale-${process.pid}-`))
    try {
      const svg = join(directory, 'plot.svg')
      const { code, stdout, stderr, remains } = await runScaleSim(
        'scale',
        '--small',
        '-o',
        'json',
        '--svg',
        svg,
      )
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      const { idle, churn, phases, shape } = JSON.parse(stdout) as ScaleReport
      expect(phases.map(({ name }) => name)).toEqual([
        'real agents start',
        'hollow agents start',
        'idle',
        'churn',
      ])
      expect(idle.heartbeats.lease).toBeGreaterThan(0)
      expect(idle.kvstoreEvents).toEqual({ identities: 0, ips: 0, nodes: 0 })
      // The operator may still say something of an agent's own node; a watch of the others would tell of every heartbeat.
      expect(idle.realAgents.received).toBeLessThan(Math.min(5, idle.heartbeats.lease))
      // Seven watches of each hollow agent and of the real one, and what the others watch.
      expect(phases[2]?.traffic.watches).toBeGreaterThan(7 * (shape.nodes + 1))
      expect(churn.created).toBeGreaterThan(10)
      expect(churn).toMatchObject({
        ...{ deleted: churn.created, identities: churn.created, neverSeen: 0, neverGone: 0, problems: [] },
        podToKernelMs: { count: churn.created },
        deletionToKernelMs: { count: churn.created },
      })
      expect(readFileSync(svg, 'utf8')).toContain('<polyline')
      expect(remains).toEqual([])
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
  180_000,
)
