import { runProcess } from '@axoneme/app-host'
import { runAgent } from './compose.ts'
import { agentOptions } from './config.ts'

await runProcess({
  name: 'axoneme-agent',
  options: agentOptions,
  examples: [
    'axoneme-agent --node-name node1 --kvstore-endpoints http://127.0.0.1:2379',
    'axoneme-agent --routing-mode tunnel --devices eth0,eth1 --kvstore-endpoints http://etcd:2379',
  ],
  run: runAgent,
})
