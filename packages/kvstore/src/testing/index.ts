export { type ContractCase, type ContractHarness, contractCases } from './contract.ts'
export { startEtcd, type TestEtcd } from './start-etcd.ts'
