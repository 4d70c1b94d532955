import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ArchiveFile, cpioArchive } from './cpio.ts'
import { type KernelModule, loadOrder, moduleDependencies, moduleName } from './kernel-modules.ts'

/** What the guest needs to reach the host's files, then what the tests make devices and filters of. */
const wantedModules = [
  ...['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'],
  ...['veth', 'bridge', 'vxlan', 'sch_ingress', 'cls_bpf'],
]

const maxModuleBytes = 64 * 1024 * 1024
const initScript = join(import.meta.dirname, '..', 'guest', 'init')

/**
 * The first root file system of the guest: busybox, the modules in the order of their loading, and `guest/init`.
 * `modulesDir` is lib/modules/RELEASE of the kernel, `busybox` one that is linked statically. Throws NO_MODULE when the
 * kernel has not what is needed.
 */
export function buildInitramfs({ modulesDir, busybox }: { modulesDir: string; busybox: string }): Buffer {
  const modules = loadOrder(wantedModules, moduleFinder({ modulesDir, busybox }))
  const files: ArchiveFile[] = [
    { path: 'bin/busybox', mode: 0o755, content: readFileSync(busybox) },
    { path: 'init', mode: 0o755, content: readFileSync(initScript) },
    ...modules.map(({ name, content }, index) => ({
      path: `modules/${String(index).padStart(2, '0')}-${name}.ko`,
      mode: 0o644,
      content,
    })),
  ]
  return cpioArchive(files)
}

function moduleFinder({ modulesDir, busybox }: { modulesDir: string; busybox: string }) {
  const paths = new Map(
    readdirSync(modulesDir, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ko(\.xz)?$/.test(path))
      .map((path) => [moduleName(basename(path)), join(modulesDir, path)]),
  )
  const builtIn = readFileSync(join(modulesDir, 'modules.builtin'), 'utf8').split('\n')
  const builtInNames = new Set(builtIn.map((path) => moduleName(basename(path))))
  return (name: string): KernelModule | 'built-in' | undefined => {
    if (builtInNames.has(name)) return 'built-in'
    const path = paths.get(name)
    if (path === undefined) return undefined
    // Debian compresses modules since 6.12.
    const isCompressed = path.endsWith('.xz')
    const content = isCompressed
      ? execFileSync(busybox, ['unxz', '-c', path], { maxBuffer: maxModuleBytes })
      : readFileSync(path)
    return { name, content, dependencies: moduleDependencies(content) }
  }
}
