import { runProcess } from '@axoneme/app-host'
import { runOperator } from './compose.ts'
import { operatorOptions } from './config.ts'

await runProcess({
  name: 'axoneme-operator',
  options: operatorOptions,
  examples: ['axoneme-operator --kvstore-endpoints http://etcd:2379 --cluster-pool-ipv4-cidr 10.244.0.0/16'],
  run: runOperator,
})
