/** Oldest first. Below 0.3.1 results had another shape. */
export const supportedCniVersions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

export type CniVersion = (typeof supportedCniVersions)[number]

export const newestCniVersion: CniVersion = '1.1.0'

export function isAtLeast(version: CniVersion, wanted: CniVersion): boolean {
  return supportedCniVersions.indexOf(version) >= supportedCniVersions.indexOf(wanted)
}
