/** Where the parts of a machine are. */
export type MachineParts = Readonly<{
  kernel: string
  initramfs: string
  /** QEMU connects to it, and writes there what the guest writes to `guestOutputPort`. */
  outputSocket: string
  /** Writable by the guest, there at `guestExchangeDir`. */
  exchangeDir: string
  memoryMiB: number
}>

/** The first port of the first virtio-serial device. */
export const guestOutputPort = '/dev/vport0p1'
export const guestExchangeDir = '/run/kernel-vm'

const kernelParameters = [
  'console=ttyS0',
  // What is no warning costs time on an emulated serial port.
  'loglevel=4',
  // A panic or an oops ends QEMU (-no-reboot) instead of leaving a guest that hangs.
  'panic=-1',
  'oops=panic',
  // The emulated HPET is four times as slow to read, and Node reads the clock all the time.
  'tsc=reliable',
  'clocksource=tsc',
  // A busy host makes the guest's processors stand still for seconds; that is no fault of its kernel.
  'nowatchdog',
  'rcupdate.rcu_cpu_stall_suppress=1',
  // Namespaces, devices and programs go with grace periods, which take long where a timer tick does.
  'rcupdate.rcu_expedited=1',
  // They protect nothing here and cost speed.
  'mitigations=off',
  'nokaslr',
]

/** The arguments of qemu-system-x86_64: software emulation, two processors, no network, the console on stdout. */
export function qemuArguments(parts: MachineParts): string[] {
  const { kernel, initramfs, outputSocket, exchangeDir, memoryMiB } = parts
  return [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-machine', 'q35', '-cpu', 'max', '-accel', 'tcg,thread=multi,tb-size=512', '-smp', '2'],
    ['-m', `${memoryMiB}M`],
    ['-kernel', kernel, '-initrd', initramfs, '-append', kernelParameters.join(' ')],
    ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ['-device', 'virtio-serial-pci', '-chardev', `socket,id=output,path=${escaped(outputSocket)}`],
    ['-device', 'virtserialport,chardev=output'],
    // Numbers of files are unique in one file system only; the guest sees all of the host's as one.
    ['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    ['-virtfs', `local,path=${escaped(exchangeDir)},mount_tag=exchange,security_model=none`],
  ].flat()
}

/** A comma in a value of an option is written twice. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,')
}
