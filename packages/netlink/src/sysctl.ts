import { readFileSync, writeFileSync } from 'node:fs'
import { CodedError } from '@axoneme/lifecycle'
import { type Netns, withNetns } from '@axoneme/syscalls'

/**
 * Sets a `net.*` sysctl of a namespace (default: this thread's). Dots separate; a slash stands for a dot within a
 * part, as in sysctl(8): `net.ipv4.conf.eth0/100.forwarding`.
 *
 * @throws CodedError SYSCTL, naming the key and the value.
 */
export function writeSysctl(netns: Netns | undefined, key: string, value: string): void {
  inNetns(netns, `write ${value} to sysctl ${key}`, () => writeFileSync(pathOf(key), value))
}

/** The value of a `net.*` sysctl, without its newline. Otherwise as writeSysctl. */
export function readSysctl(netns: Netns | undefined, key: string): string {
  return inNetns(netns, `read sysctl ${key}`, () => readFileSync(pathOf(key), 'utf8').trimEnd())
}

/** /proc/sys/net shows the namespace of the thread that opens the file. */
function pathOf(key: string): string {
  const parts = key.split('.').map((part) => part.replaceAll('/', '.'))
  if (parts[0] !== 'net' || parts.some((part) => /^\.*$/.test(part))) throw new RangeError('no net.* key')
  return `/proc/sys/${parts.join('/')}`
}

function inNetns<T>(netns: Netns | undefined, action: string, run: () => T): T {
  const attempt = () => {
    try {
      return run()
    } catch (cause) {
      throw new CodedError('SYSCTL', action, { cause })
    }
  }
  return netns === undefined ? attempt() : withNetns(netns, attempt)
}
