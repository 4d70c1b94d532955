import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instanceOf, remains } from '@axoneme/sandbox'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { benchmarks } from './benchmarks.ts'

const reportSchema = z.strictObject({
  bench: z.string(),
  ratios: z.record(z.string(), z.number().nonnegative()),
  figures: z.record(
    z.string().regex(/_(ms|us|ns|s|mb|bytes|percent|count)(_p\d+|_max)?$/),
    z.number().nonnegative(),
  ),
  env: z.strictObject({
    cpu: z.string().min(1),
    cores: z.int().positive(),
    kernel: z.string().min(1),
    node: z.string().startsWith('v'),
    clang: z.string().nullable(),
    date: z.iso.datetime(),
    commit: z.string().nullable(),
  }),
})

const addParts = [
  ...['process', 'request', 'endpoint', 'policy', 'save_state', 'link', 'policy_map', 'policy_entries'],
  ...['bpf_load_prog', 'attach', 'expose'],
]

/** The keys that others read. */
const expected: Record<string, { ratios: string[]; figures: string[]; isOneRun?: boolean }> = {
  scale: {
    isOneRun: true,
    ratios: ['bytes_without_handover_over_with'],
    figures: [
      ...['minute_to_all_agents_mb', 'minute_to_all_agents_without_handover_mb'],
      ...['idle_events_needed_count', 'idle_kvstore_events_count'],
      ...['pod_to_kernel_ms_p50', 'pod_to_kernel_ms_p99', 'identity_to_table_ms_p99'],
      ...['deletion_to_kernel_ms_p99', 'churn_pods_count', 'hollow_agents_ready_s'],
      ...['idle_agent_cpu_percent', 'idle_operator_cpu_percent'],
      ...['nodes_count', 'pods_count', 'services_count'],
    ],
  },
  template: {
    ratios: [
      'compile_over_patch',
      'patch_and_load_over_bare_load',
      'patch_and_load_on_one_thread_over_bare_load',
      'patch_and_load_over_libbpf',
      'compile_and_load_over_patch_and_load',
    ],
    figures: [
      ...['compile_ms', 'compile_and_load_ms', 'patch_ms', 'patch_and_load_ms'],
      ...[
        'patch_and_load_on_one_thread_ms',
        'bare_load_ms',
        'libbpf_load_ms',
        'programs_count',
        'instructions_count',
        'rounds_count',
      ],
    ],
  },
  maps: {
    ratios: ['single_over_batch', 'update_over_c', 'update_batch_over_c', 'lookup_over_c'],
    figures: [
      ...['update_ns', 'update_batch_ns', 'lookup_ns', 'c_update_ns', 'c_update_batch_ns', 'c_lookup_ns'],
      ...['entries_count', 'rounds_count'],
    ],
  },
  kvstore: {
    ratios: [
      ...['get', 'put', 'create', 'txn'].map((call) => `${call}_over_etcd3`),
      ...['get_over_gateway', 'put_over_gateway', 'get_at_once_over_etcd3', 'put_at_once_over_etcd3'],
      ...['watch_over_etcd3', 'list_over_etcd3', 'list_kept_over_etcd3'],
    ],
    figures: [
      ...['', 'etcd3_'].flatMap((side) => ['get', 'put', 'create', 'txn'].map((call) => `${side}${call}_ms`)),
      ...['gateway_get_ms', 'gateway_put_ms'],
      ...['', 'etcd3_'].flatMap((side) => [`${side}gets_per_s`, `${side}puts_per_s`]),
      ...['events_per_s', 'etcd3_events_per_s'],
      ...['', 'etcd3_'].flatMap((side) => [`${side}list_ms`, `${side}list_kept_mb`]),
      ...['new_identities_per_s', 'known_identities_per_s'],
      ...['calls_of_new_identity_count', 'calls_of_known_identity_count'],
      ...['keys_count', 'rounds_count'],
    ],
  },
  watch: {
    ratios: ['informer_cpu_over_ours', 'informer_alloc_over_ours', 'informer_heap_over_ours'],
    figures: [
      ...['ours', 'informer'].flatMap((side) =>
        ['cpu_us', 'alloc_bytes', 'heap_bytes', 'wire_bytes'].map((name) => `${side}_${name}`),
      ),
      ...['pods_count', 'events_count', 'rounds_count'],
    ],
  },
  json: {
    ratios: ['pod', 'node', 'ciliumendpoint'].flatMap((kind) =>
      ['cpu', 'alloc'].map((what) => `${kind}_parse_${what}_over_ours`),
    ),
    figures: [
      ...['pod', 'node', 'ciliumendpoint'].flatMap((kind) =>
        ['us', 'parse_us', 'alloc_bytes', 'parse_alloc_bytes', 'json_bytes'].map((name) => `${kind}_${name}`),
      ),
      'rounds_count',
    ],
  },
  cache: {
    ratios: [],
    figures: [
      ...['rss_mb', 'anonymous_mb', 'peak_rss_mb', 'heap_used_mb', 'heap_total_mb', 'external_mb'],
      ...['cold_start_s', 'cold_start_compiling_s', 'start_cpu_s', 'settling_cpu_s', 'idle_cpu_percent'],
      ...['nodes_count', 'pods_count', 'services_count', 'rounds_count'],
    ],
  },
  cni: {
    ratios: addParts.map((part) => `${part}_over_add`),
    figures: [
      ...['add_ms_p50', 'add_ms_p99', 'add_ms_max', 'del_ms_p50', 'del_ms_p99', 'del_ms_max'],
      ...['burst8_s', 'burst8_added_s', 'burst8_deleted_s'],
      ...['burst_add_ms_p50', 'burst_add_ms_p99', 'burst_add_ms_max'],
      ...['loop_block_ms_max', 'loop_block_single_ms_max', 'loop_block_burst_add_ms_max'],
      'loop_block_burst_del_ms_max',
      ...['control_loop_block_ms_max', 'agent_ran_ms', 'agent_waited_ms', 'spawn_ms_p50'],
      ...addParts.map((part) => `step_${part}_ms`),
      ...['burst_pods_count', 'rounds_count'],
    ],
  },
}

function bench(...args: string[]) {
  const child = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  return {
    ...child,
    leftovers: readdirSync(tmpdir()).filter((name) => name.startsWith(`axo-bench-${child.pid}-`)),
    cluster: remains(instanceOf(`bench-${child.pid}`)),
  }
}

describe.runIf(process.getuid?.() === 0)('--quick --json', () => {
  it.each(benchmarks.map(({ name }) => name))(
    'of %s prints one object, and nothing of it stays',
    (name) => {
      const { status, stdout, stderr, leftovers, cluster } = bench(name, '--quick', '--json')
      expect({ status, stderr }).toMatchObject({ status: 0 })
      const report = reportSchema.parse(JSON.parse(stdout))
      expect(report.bench).toBe(name)
      expect(Object.keys(report.ratios)).toEqual(expected[name]?.ratios)
      expect(Object.keys(report.figures)).toEqual(expected[name]?.figures)
      if (expected[name]?.isOneRun !== true) {
        expect(report.figures.rounds_count).toBe(3)
        expect(stderr).toContain(`${name}: round 3 of 3`)
      }
      expect(leftovers).toEqual([])
      expect(cluster).toEqual({ processes: [], netns: [], mounts: [], stateDir: [] })
    },
    150_000,
  )
})

it('names what it does not know, on standard error only', () => {
  expect(bench('templates')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: `bench: no benchmark is called templates (there are ${benchmarks.map(({ name }) => name).join(', ')}) [BENCH]\n`,
  })
  expect(bench('--fast')).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining("'--fast'"),
  })
})

it('lists the benchmarks', () => {
  expect(
    bench('--list')
      .stdout.split('\n')
      .map((line) => line.split('\t')[0]),
  ).toEqual([...benchmarks.map(({ name }) => name), ''])
  expect(bench('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--quick') })
})
