import { guestExchangeDir, guestOutputPort } from './qemu.ts'

/** What the guest runs, as root, in the host's files. */
export type GuestCommand = Readonly<{
  args: readonly string[]
  cwd: string
  env: Readonly<Record<string, string>>
}>

/** The first line of the guest's output, before the release of its kernel: it is up, and the command begins. */
const upMark = 'kernel-vm: up '
/** Files of the exchange directory. */
export const jobFile = 'job'
export const exitCodeFile = 'exit-code'

/**
 * The shell script that `guest/init` hands over to. The exit code is in the exchange directory before the machine goes
 * off; a machine that goes off without one did not come to the end.
 */
export function jobScript({ args, cwd, env }: GuestCommand): string {
  const assignments = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`))
  return [
    `exec </dev/null >${guestOutputPort} 2>&1`,
    `echo "${upMark}$(uname -r)"`,
    `cd ${quoted(cwd)} && /usr/bin/env -i ${[...assignments, ...args.map(quoted)].join(' ')}`,
    `echo $? >${guestExchangeDir}/${exitCodeFile}`,
    // There may be no command for it in the host's files. It takes a moment, in which the first process must not end.
    'echo o >/proc/sysrq-trigger',
    'while :; do :; done',
    '',
  ].join('\n')
}

/** The release of the guest's kernel when the line says that it is up. */
export function upRelease(line: string): string | undefined {
  return line.startsWith(upMark) ? line.slice(upMark.length) : undefined
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
