const noProxy = 'there is no proxy for layer 7 yet'
const noHealth = 'nodes do not probe each other yet'
const noAdjustment =
  'the limits of the agent API stay as the option sets them: a limit that follows what calls take holds back most when most pods start'
const noSlices = 'CiliumEndpointSlices are not written yet'

/** Metrics of Cilium that are not here, and what is missing that they would tell of. */
export const notBuilt: Readonly<Record<string, string>> = {
  cilium_proxy_redirects: noProxy,
  cilium_proxy_upstream_reply_seconds: noProxy,
  cilium_policy_l7_parse_errors_total: noProxy,
  cilium_policy_l7_forwarded_total: noProxy,
  cilium_policy_l7_denied_total: noProxy,
  cilium_policy_l7_received_total: noProxy,
  cilium_fqdn_gc_deletions_total: 'there is no DNS proxy yet',
  cilium_k8s_cnp_status_completion_seconds: 'there are no CiliumNetworkPolicies yet, whose status it is',
  cilium_datapath_conntrack_gc_key_fallbacks_total:
    'a collection reads whole batches of the map: it has no place to lose by a deletion',
  cilium_unreachable_nodes: noHealth,
  cilium_unreachable_health_endpoints: noHealth,
  cilium_api_limiter_adjustment_factor: noAdjustment,
  cilium_operator_number_of_ceps_per_ces: noSlices,
  cilium_operator_ces_queueing_delay_seconds: noSlices,
  cilium_operator_ces_sync_errors_total: noSlices,
  cilium_operator_ipam_ips: 'addresses come from prefixes of the cluster, not from a cloud',
}
