export { type AbsoluteCompilation, compileAbsolute } from './absolute-object.testing.ts'
export { type EndpointValues, endpointConstants, endpointSymbols } from './endpoint-values.testing.ts'
export { type Ipv4Options, ipv4Frame, type ReadPacket, readFrame, tcpFlags } from './packet.testing.ts'
export { isRoot, type PolicyRule, run, Testbed, type TestPod, tcAction } from './testbed.testing.ts'
