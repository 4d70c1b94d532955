import type { BpfKernel, MapSpec } from '@axoneme/bpf'
import { type EndpointId, endpointKey } from '@axoneme/endpoint'
import { CodedError, describeError } from '@axoneme/lifecycle'
import type { Netlink } from '@axoneme/netlink'
import type { ReconcileStatus } from '@axoneme/reconciler'
import { ENOENT, SyscallError } from '@axoneme/syscalls'
import type { Table } from '@axoneme/tables'
import { endpointConstants } from './endpoint-constants.ts'
import type { EndpointPrograms } from './endpoint-programs.ts'
import type { EndpointDatapathRow } from './types.ts'

/** One program of an endpoint: what decides, against what the template makes of the endpoint's values. */
export type ProgramCheck = Readonly<{
  program: string
  /** `missing`: nothing of ours is in its place. */
  outcome: 'same' | 'different' | 'missing'
  /** 16 hexadecimal digits, the kernel's digest of the instructions without the maps that they use. */
  templateTag: string
  running?: Readonly<{ id: number; tag: string }>
}>

type VerifyTools = Readonly<{
  kernel: BpfKernel
  netlink: Netlink
  programs: EndpointPrograms
  policyMapSpec: MapSpec
  tunnelIfIndex: number | undefined
  /** What became of the endpoints' rows. */
  realised: Table<ReconcileStatus<EndpointDatapathRow>>
}>

/** An endpoint that is realised anew each time that it was read is not asked about for ever. */
const maxAttempts = 5

/**
 * Loads the endpoint's programs once more, with a policy map of their own, and compares their tags with those of the
 * programs that decide now. The copy is attached nowhere and closed at once; what runs is only read. Throws CodedError
 * when the endpoint is not realised, and whatever loading throws.
 */
export async function verifyPrograms(tools: VerifyTools, id: EndpointId): Promise<readonly ProgramCheck[]> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const status = tools.realised.get(endpointKey(id))
    if (status?.state !== 'done') throw notRealised(id, status)
    const checks = await compare(tools, status.row)
    // Otherwise the programs were replaced in the middle of it.
    if (tools.realised.get(endpointKey(id)) === status) return checks
  }
  throw new CodedError(
    'DATAPATH_BUSY',
    `read the programs of endpoint ${id}: they are replaced all the time`,
    {
      retryable: true,
    },
  )
}

async function compare(tools: VerifyTools, { endpoint }: EndpointDatapathRow): Promise<ProgramCheck[]> {
  const { kernel, netlink, programs, tunnelIfIndex } = tools
  const link = netlink.linkByName(endpoint.hostIfName)
  if (link === undefined) {
    const what = `find interface ${endpoint.hostIfName} of endpoint ${endpoint.id}`
    throw new CodedError('DATAPATH_NO_LINK', what, { hint: 'somebody removed it; the pod must be made anew' })
  }
  const { ifIndex } = link
  const constants = endpointConstants(endpoint, { ifIndex, tunnelIfIndex })
  using policyMap = kernel.createMap(tools.policyMapSpec)
  using expected = await programs.load({ constants, policyMap })
  const ids = programs.running({ id: endpoint.id, ifIndex })
  return Object.entries(expected.programs).map(([program, { tag: templateTag }]) => {
    const running = readRunning(kernel, ids.get(program))
    if (running === undefined) return { program, outcome: 'missing', templateTag }
    return { program, outcome: running.tag === templateTag ? 'same' : 'different', templateTag, running }
  })
}

function readRunning(kernel: BpfKernel, id: number | undefined): ProgramCheck['running'] {
  if (id === undefined) return undefined
  try {
    using program = kernel.openProgram(id)
    return { id, tag: program.tag }
  } catch (error) {
    // Somebody else took it away just now.
    if (error instanceof SyscallError && error.errno === ENOENT) return undefined
    throw error
  }
}

function notRealised(id: EndpointId, status: ReconcileStatus<EndpointDatapathRow> | undefined): CodedError {
  const problem = status?.error === undefined ? '' : `: ${describeError(status.error)}`
  return new CodedError(
    'DATAPATH_NOT_REALISED',
    `verify endpoint ${id}, which is not realised yet${problem}`,
    {
      retryable: true,
      hint: '`axo status` and `axo endpoint list` say what it waits for',
    },
  )
}
