import { agentOptions } from '@axoneme/agent'
import { operatorOptions } from '@axoneme/operator'
import { formatOptionTable } from '@axoneme/options'

/** The text of docs/options.md: equal on every machine. */
export function optionsDocument(): string {
  // The default is this machine's name, which says nothing to a reader.
  const nodeName = { ...agentOptions['node-name'], format: () => 'the host name' }
  return `# Options

Generated from the declarations by \`pnpm --filter @axoneme/check-deploy generate\`; do not edit.

Values come from, in rising order: the default, a file with the option's name in the directory that \`AXO_CONFIG_DIR\`
names (a mounted ConfigMap), the environment, a flag. An unknown or invalid one ends the start with a sentence that
names it. An option whose default is _required_ must be given.

## axoneme-agent

${formatOptionTable({ ...agentOptions, 'node-name': nodeName })}
## axoneme-operator

${formatOptionTable(operatorOptions)}`
}
