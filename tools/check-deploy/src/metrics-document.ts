import { notBuilt } from './not-built.ts'
import { agentRegistry, isOfProcess, metricsOf, operatorRegistry, type Registry } from './registries.ts'

/** The text of docs/metrics.md: equal on every machine. */
export function metricsDocument(): string {
  return `# Metrics

Generated from the registries by \`pnpm --filter @axoneme/check-deploy generate\`; do not edit.

Names and labels are Cilium's where Cilium has the same thing: its dashboards and alerts work unchanged. Durations are in
seconds. No label names a pod, a node or an address, so the number of series does not grow with the cluster: a scrape of
an agent that knows 100,000 addresses and as many identities took 9 ms of one core and gave 41 kB (2026-11-23). Both
programs also have what [prom-client](https://github.com/siimon/prom-client) tells of a process and of Node
(\`cilium_process_*\`, \`cilium_nodejs_*\`, \`cilium_operator_process_*\` and so on).

## axoneme-agent

${table(agentRegistry())}
## axoneme-operator

${table(operatorRegistry())}
## Of Cilium's, not here so far

| name | why |
|---|---|
${Object.entries(notBuilt)
  .map(([name, reason]) => `| \`${name}\` | ${reason} |\n`)
  .join('')}`
}

function table(registry: Registry): string {
  const rows = metricsOf(registry)
    .filter(({ name }) => !isOfProcess(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => {
      const labels = labelNames.map((label) => `\`${label}\``).join(' ')
      return `| \`${name}\` | ${type} | ${labels} | ${help} |\n`
    })
  return `| name | type | labels | what it tells |\n|---|---|---|---|\n${rows.join('')}`
}
