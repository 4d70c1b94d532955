import type { Command } from '../command.ts'
import { bpfIpcache } from './bpf-ipcache.ts'
import { bpfMetrics } from './bpf-metrics.ts'
import { bpfTemplateDescribe } from './bpf-template-describe.ts'
import { bpfTemplateList } from './bpf-template-list.ts'
import { bpfTemplateVerify } from './bpf-template-verify.ts'
import { endpointGet } from './endpoint-get.ts'
import { endpointList } from './endpoint-list.ts'
import { identityGet } from './identity-get.ts'
import { identityList } from './identity-list.ts'
import { metrics } from './metrics.ts'
import { monitor } from './monitor.ts'
import { nodeList } from './node-list.ts'
import { policyGet } from './policy-get.ts'
import { policyWhy } from './policy-why.ts'
import { serviceList } from './service-list.ts'
import { status } from './status.ts'

/** In the order of the help. */
export const commands: readonly Command[] = [
  status,
  endpointList,
  endpointGet,
  identityList,
  identityGet,
  policyGet,
  policyWhy,
  serviceList,
  nodeList,
  bpfMetrics,
  bpfIpcache,
  bpfTemplateList,
  bpfTemplateDescribe,
  bpfTemplateVerify,
  monitor,
  metrics,
]
