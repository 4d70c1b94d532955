import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ArchiveFile, cpioArchive } from './cpio.ts'
import { type KernelModule, loadOrder, moduleDependencies, moduleName } from './kernel-modules.ts'

/** What the guest needs to reach the host's files, then what the tests make devices and filters of. */
const wantedModules = [
  ...['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'],
  ...['veth', 'bridge', 'vxlan', 'sch_ingress', 'cls_bpf'],
]

const initScript = join(import.meta.dirname, '..', 'guest', 'init')

/**
 * The first root file system of the guest: busybox, the modules in the order of their loading, and `guest/init`.
 * `modulesDir` is lib/modules/RELEASE of the kernel,
 * `busybox` one that is linked statically. Throws NO_MODULE when the kernel has not what is needed.
 */
export function buildInitramfs({ modulesDir, busybox }: { modulesDir: string; busybox: string }): Buffer {
  const modules = loadOrder(wantedModules, moduleFinder(modulesDir))
  const files: ArchiveFile[] = [
    { path: 'bin/busybox', mode: 0o755, content: readFileSync(busybox) },
    { path: 'init', mode: 0o755, content: readFileSync(initScript) },
    ...modules.map(({ path }, index) => ({
      path: `modules/${String(index).padStart(2, '0')}-${basename(path)}`,
      mode: 0o644,
      content: readFileSync(path),
    })),
  ]
  return cpioArchive(files)
}

function moduleFinder(modulesDir: string): (name: string) => KernelModule | undefined {
  const paths = new Map(
    readdirSync(modulesDir, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ko'))
      .map((path) => [moduleName(basename(path)), join(modulesDir, path)]),
  )
  return (name) => {
    const path = paths.get(name)
    return path === undefined
      ? undefined
      : { name, path, dependencies: moduleDependencies(readFileSync(path)) }
  }
}
