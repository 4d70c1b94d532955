import { CodedError } from '@axoneme/lifecycle'

/** A module of a kernel: its name as the kernel has it (no dashes), its file's content, and what it needs. */
export type KernelModule = Readonly<{ name: string; content: Buffer; dependencies: readonly string[] }>

/** The name of a module file: the kernel reads dashes as underscores. */
export function moduleName(fileName: string): string {
  return fileName.replace(/\.ko(\.xz)?$/, '').replaceAll('-', '_')
}

/**
 * What the module whose file this is needs. modpost(8) of the kernel's build writes it as a string `depends=a,b` into
 * the section .modinfo, so nothing beside the files themselves (no modules.dep) is needed.
 */
export function moduleDependencies(file: Buffer): string[] {
  const marker = Buffer.from('\0depends=')
  const at = file.indexOf(marker)
  if (at < 0) return []
  const start = at + marker.length
  const end = file.indexOf(0, start)
  const names = file.toString('latin1', start, end < 0 ? start : end)
  return names === '' ? [] : names.split(',').map(moduleName)
}

/**
 * The wanted modules and all that they need, each after what it needs, without those that are built in. `find` gives
 * undefined for what the kernel has not. Throws NO_MODULE for one that is wanted or needed and is not there.
 */
export function loadOrder(
  wanted: readonly string[],
  find: (name: string) => KernelModule | 'built-in' | undefined,
): KernelModule[] {
  const ordered = new Map<string, KernelModule>()
  const visiting = new Set<string>()
  const visit = (name: string, neededBy: string) => {
    if (ordered.has(name) || visiting.has(name)) return
    const module = find(name)
    if (module === undefined) {
      throw new CodedError('NO_MODULE', `the kernel has no module ${name}, which ${neededBy} needs`)
    }
    visiting.add(name)
    if (module === 'built-in') return
    for (const dependency of module.dependencies) visit(dependency, name)
    ordered.set(name, module)
  }
  for (const name of wanted) visit(name, 'the guest')
  return [...ordered.values()]
}
