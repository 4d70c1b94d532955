/** Six bytes of `aa:bb:cc:dd:ee:ff`, or undefined when it is no MAC address. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text)) return undefined
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16))
}

export function formatMac(bytes: Uint8Array): string {
  if (bytes.length !== 6) throw new RangeError(`a MAC address has 6 bytes, not ${bytes.length}`)
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** A locally administered unicast address from 6 random bytes. */
export function randomMac(random: Uint8Array): string {
  const bytes = Uint8Array.from(random.subarray(0, 6))
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 0x02
  return formatMac(bytes)
}
