import { join } from 'node:path'

// <cache>/compilers.json            which compiler files are which version
// <cache>/<hash>/template.o         the object
// <cache>/<hash>/template.json      what it is, and its checksum; its time of change is that of the last use
// <cache>/<hash>/failure.json       how the last attempt to compile it failed
// <cache>/<hash>/lock               held by who compiles or removes it
// <cache>/<hash>/in-use             held, shared, by every process that uses it

export function isTemplateHash(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name)
}

export const compilersPath = (cacheDir: string) => join(cacheDir, 'compilers.json')
export const objectPath = (directory: string) => join(directory, 'template.o')
export const metadataPath = (directory: string) => join(directory, 'template.json')
export const failurePath = (directory: string) => join(directory, 'failure.json')
export const lockPath = (directory: string) => join(directory, 'lock')
export const usePath = (directory: string) => join(directory, 'in-use')
