import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { buildInitramfs } from './initramfs.ts'
import { newestKernel, parseKernelPackage } from './kernel-package.ts'
import { type PackageStore, packageFiles, packageNames, updatePackageList } from './packages.ts'

/** What a machine boots: the image of a kernel, and the first root file system with its modules. */
export type BootFiles = Readonly<{ packageName: string; kernel: string; initramfs: Buffer }>

/**
 * Those of the newest kernel of a series that Debian has. Throws NO_KERNEL when there is none; APT when a package cannot
 * be fetched; PACKAGE and NO_MODULE when it has not what is needed.
 */
export async function bootFiles(series: string, store: PackageStore): Promise<BootFiles> {
  try {
    return await findBootFiles(series, store)
  } catch (error) {
    const isListOld = error instanceof CodedError && ['NO_KERNEL', 'APT'].includes(error.code)
    if (!isListOld || process.getuid?.() !== 0) throw error
    // The list may be missing, or name what Debian's mirrors no longer have.
    await updatePackageList(store)
    return await findBootFiles(series, store)
  }
}

async function findBootFiles(series: string, store: PackageStore): Promise<BootFiles> {
  const names = await packageNames(store, 'linux-image-')
  const { name } = newestKernel(
    names.flatMap((at) => parseKernelPackage(at) ?? []),
    series,
  )
  const files = await packageFiles(store, name)
  const busybox = join(await packageFiles(store, 'busybox-static'), 'bin/busybox')
  const release = name.replace('linux-image-', '')
  const kernel = join(files, 'boot', `vmlinuz-${release}`)
  const modulesDir = join(files, 'lib/modules', release)
  for (const path of [kernel, modulesDir, busybox]) requirePath(path)
  return { packageName: name, kernel, initramfs: buildInitramfs({ modulesDir, busybox }) }
}

function requirePath(path: string): void {
  if (existsSync(path)) return
  throw new CodedError('PACKAGE', `find ${path} in what its package has`, {
    hint: 'remove the directory of the package to have it fetched again',
  })
}
