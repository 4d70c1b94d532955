import { isObject, type Json } from '../apiserver/json.ts'

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** A short name-safe hash of a pod template (FNV-1a over its canonical JSON): pod-template-hash, controller-revision-hash. */
export function templateHash(template: Json): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(canonical(template))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}

function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value ?? null)
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${members.join(',')}}`
}
