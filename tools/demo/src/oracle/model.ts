/** The cluster as the oracle sees it: only what decides whether a connection is allowed. */
export type OraclePod = Readonly<{
  namespace: string
  name: string
  labels: Readonly<Record<string, string>>
  namedPorts: readonly Readonly<{ name: string; protocol: string; port: number }>[]
}>

export type Expression = Readonly<{
  key: string
  operator: string
  values?: readonly string[] | null | undefined
}>

export type Selector = Readonly<{
  matchLabels?: Readonly<Record<string, string>> | null | undefined
  matchExpressions?: readonly Expression[] | null | undefined
}>

export type Peer = Readonly<{
  podSelector?: Selector | null | undefined
  namespaceSelector?: Selector | null | undefined
  ipBlock?: unknown
}>

export type PolicyPort = Readonly<{
  protocol?: string | undefined
  port?: number | string | null | undefined
  endPort?: number | null | undefined
}>

export type PolicySpec = Readonly<{
  podSelector?: Selector | null | undefined
  policyTypes?: readonly string[] | null | undefined
  ingress?:
    | readonly Readonly<{
        from?: readonly Peer[] | null | undefined
        ports?: readonly PolicyPort[] | null | undefined
      }>[]
    | null
    | undefined
  egress?:
    | readonly Readonly<{
        to?: readonly Peer[] | null | undefined
        ports?: readonly PolicyPort[] | null | undefined
      }>[]
    | null
    | undefined
}>

/** A NetworkPolicy as its author wrote it. */
export type OraclePolicy = Readonly<{ namespace: string; name: string; spec: PolicySpec }>

export type OracleCluster = Readonly<{
  policies: readonly OraclePolicy[]
  /** Labels of each namespace by its name. */
  namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>
}>
