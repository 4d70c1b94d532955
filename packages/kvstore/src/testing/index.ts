export { contractCases } from './contract.ts'
export type { ContractCase, ContractHarness } from './contract-harness.ts'
export { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
export { startEtcd, startEtcdCluster, type TestEtcd, type TestEtcdCluster } from './start-etcd.ts'
