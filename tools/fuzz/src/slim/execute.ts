import { createFrameSplitter, DecodeError } from '@axoneme/slim-types'
import { InvariantError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Outcome } from '../target.ts'
import { attempt, checkValue } from './check.ts'
import { checkJson, checkSame } from './check-json.ts'
import { type Entry, entryOf } from './entries.ts'

const maxFrameBytes = 64 * 1024

/** The decoders of what an apiserver sends, and the splitter of its watches. */
export function execute(input: Buffer, random: Random): Outcome {
  const entry = entryOf(input)
  const bytes = input.subarray(1)
  checkFrames(entry, bytes, random)
  const decoded = attempt(() => entry.decode(bytes, 'kept'))
  const fresh = attempt(() => entry.decode(bytes, 'fresh'))
  checkSame(decoded, fresh, `${entry.name}: what was decoded before counts`)
  if (entry.format === 'json') checkJson(entry, bytes, decoded)
  if ('refusal' in decoded) return decoded
  checkValue(decoded.value, bytes.length)
  return { features: featuresOf(entry, decoded.value) }
}

/** Wherever the bytes of a watch are cut, the frames are the same, and together not more than the bytes. */
function checkFrames({ format }: Entry, bytes: Buffer, random: Random): void {
  const cut = random.below(bytes.length + 1)
  const whole = framesOf([{ read: bytes, parts: [0, bytes.length] }])
  const reads = framesOf([
    { read: bytes.subarray(0, cut), parts: [0, cut] },
    { read: bytes.subarray(cut), parts: [0, bytes.length - cut] },
  ])
  const gap = 1 + random.below(20)
  const parted = Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(gap, 0x0a), bytes.subarray(cut)])
  const parts = framesOf([{ read: parted, parts: [0, cut, cut + gap, parted.length] }])
  if (whole !== reads || whole !== parts) {
    throw new InvariantError(`${format} frames depend on where the bytes are cut`)
  }

  function framesOf(reads: readonly { read: Buffer; parts: readonly number[] }[]): string {
    const splitter = createFrameSplitter(format, { maxFrameBytes })
    const frames: string[] = []
    try {
      for (const { read, parts } of reads) {
        for (const { bytes, start, end } of splitter.push(read, parts)) {
          frames.push(Buffer.from(bytes.subarray(start, end)).toString('latin1'))
        }
      }
    } catch (error) {
      if (error instanceof DecodeError) return 'refused'
      throw error
    }
    if (frames.join('').length + splitter.pendingBytes > bytes.length)
      throw new InvariantError('frames of more bytes than there were')
    return JSON.stringify([frames, splitter.pendingBytes])
  }
}

/** Which fields have something in them, of a list or event also those of its row: few enough to tell inputs apart by. */
function featuresOf({ name, gives }: Entry, value: unknown): string[] {
  if (gives === 'anything') return [`${name}: ${typeof value}`]
  const features = fieldsOf(value).flatMap(([field, inner]) => {
    const innerFields =
      gives === 'rows' && rowFields.has(field) ? fieldsOf(Array.isArray(inner) ? inner[0] : inner) : []
    return [`${name}: ${field}`, ...innerFields.map(([innerField]) => `${name}: ${field}.${innerField}`)]
  })
  return features.length === 0 ? [`${name}: nothing`] : features
}

const rowFields: ReadonlySet<string> = new Set(['row', 'items', 'status'])

function fieldsOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).filter(([, field]) => !isEmpty(field))
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === '' || value === 0 || value === false || value === null
}
