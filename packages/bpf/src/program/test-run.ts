import { EAGAIN, EINTR } from '@axoneme/syscalls'
import { BpfAttr } from '../kernel/attr.ts'
import { type BpfCommands, bpfFailure } from '../kernel/command.ts'

export type TestRunOptions = Readonly<{
  /** The packet; sched_cls wants at least an Ethernet header. */
  data: Buffer
  /** How often to run; the time returned is the mean. 1 by default. */
  repeat?: number
  /** A `struct __sk_buff`, `struct xdp_md`... to start from; what may be set in it depends on the program type. */
  ctxIn?: Buffer
  /**
   * Runs on a packet as from a device that sums all its bytes (CHECKSUM_COMPLETE): EBADMSG when the program leaves
   * packet and sum apart, EINVAL from a kernel that cannot do this.
   */
  checksumComplete?: boolean
}>

export type TestRunResult = Readonly<{
  /** As the program returned it, as an unsigned number: -1 is 0xffffffff. */
  retval: number
  /** The packet as the program left it. */
  data: Buffer
  /** Of one run, in nanoseconds. */
  durationNs: number
  /** The context as the program left it; there when `ctxIn` was given. */
  ctxOut?: Buffer
}>

/** Room for what a program may prepend or append. */
const growthBytes = 512
const maxAttempts = 5

/** BPF_F_TEST_SKB_CHECKSUM_COMPLETE of linux/bpf.h. */
const flagChecksumComplete = 1 << 2

/** BPF_PROG_TEST_RUN. A run that a signal interrupted is repeated a few times. */
export function runTest(
  commands: BpfCommands,
  {
    fd,
    name,
    data,
    repeat = 1,
    ctxIn,
    checksumComplete = false,
  }: TestRunOptions & { fd: number; name: string },
): TestRunResult {
  const dataOut = Buffer.alloc(data.length + growthBytes)
  const ctxOut = Buffer.alloc(ctxIn?.length ?? 0)
  for (let attempt = 1; ; attempt++) {
    const attr = new BpfAttr(80)
      .u32(0, fd)
      .u32(8, data.length)
      .u32(12, dataOut.length)
      .pointer(16, data)
      .pointer(24, dataOut)
      .u32(32, repeat)
      .u32(40, ctxOut.length)
      .u32(44, ctxOut.length)
      .pointer(48, ctxIn ?? Buffer.alloc(0))
      .pointer(56, ctxOut)
      .u32(64, checksumComplete ? flagChecksumComplete : 0)
    const result = commands.try('prog_test_run', name, attr.bytes)
    if ((result === -EINTR || result === -EAGAIN) && attempt < maxAttempts) continue
    if (result < 0) throw bpfFailure('prog_test_run', name, -result)
    const run = {
      retval: attr.bytes.readUInt32LE(4),
      data: dataOut.subarray(0, attr.bytes.readUInt32LE(12)),
      durationNs: attr.bytes.readUInt32LE(36),
    }
    return ctxIn === undefined ? run : { ...run, ctxOut: ctxOut.subarray(0, attr.bytes.readUInt32LE(44)) }
  }
}
