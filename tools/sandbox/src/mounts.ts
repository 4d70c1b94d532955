import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { CodedError } from '@axoneme/lifecycle'

/** Mounts a BPF file system of its own at `path`: when it is unmounted, every pin in it is dropped. */
export function mountBpffs(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  run('mount', ['-t', 'bpf', '-o', 'mode=0700', 'bpf', path])
}

/** Unmounts everything at or below `path`, deepest first. Nothing mounted there is fine. */
export function unmountBelow(path: string): void {
  for (const target of mountsBelow(path)) run('umount', [target])
}

/** Mount points at or below `path`, deepest and latest first. */
export function mountsBelow(path: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescapeMount(line.split(' ')[4] ?? ''))
    .filter((target) => target === path || target.startsWith(`${path}/`))
    .reverse()
}

/** mountinfo writes space, tab, newline and backslash in octal (proc(5)). */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

function run(command: string, args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (error !== undefined || status !== 0) {
    throw new CodedError('MOUNT', `${command} ${args.join(' ')}`, {
      cause: error ?? new Error(stderr.trim()),
    })
  }
}
