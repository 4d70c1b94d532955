/** The objects that are loaded; each is one C file of that name. */
export const datapathPrograms = ['lxc', 'host', 'overlay'] as const
export type DatapathProgram = (typeof datapathPrograms)[number]

/**
 * What is decided when the C is compiled, because it has a large effect at run time. Nodes with equal configuration
 * share one object; everything else is a constant of the template or an entry in a map.
 */
export type DatapathConfig = Readonly<{
  /** `tunnel`: pods of other nodes are reached through VXLAN; `native`: the node's routes lead there. */
  routingMode: 'native' | 'tunnel'
  /** Trace events for every packet, not only for the first of a connection. Costly. */
  traceEveryPacket?: boolean
}>

export function compileTimeDefines(config: DatapathConfig): string[] {
  const routing = config.routingMode === 'tunnel' ? '-DROUTING_TUNNEL' : '-DROUTING_NATIVE'
  return config.traceEveryPacket === true ? [routing, '-DDEBUG_TRACE'] : [routing]
}

/**
 * Constants of the lxc template, one value each per endpoint; c/lxc.c says how wide they are. `TUNNEL_IFINDEX` exists
 * only where routingMode is `tunnel`.
 */
export const datapathConstants = [
  'EP_ID',
  'EP_IDENTITY',
  'EP_IPV4',
  'EP_IFINDEX',
  'POD_MAC',
  'HOST_MAC',
  'TUNNEL_IFINDEX',
] as const
export type DatapathConstant = (typeof datapathConstants)[number]
