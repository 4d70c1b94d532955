import { BtfError, LayoutError, parseBtf, structLayout } from '@axoneme/bpf'
import { describeObject, ElfError, type ObjectPlan, parseObject } from '@axoneme/bpf-templater'
import { describeError } from '@axoneme/lifecycle'
import { InvariantError } from '../errors.ts'
import type { Random } from '../random.ts'
import type { Outcome } from '../target.ts'
import { checkPatches } from './check-patches.ts'
import { checkPlan } from './check-plan.ts'

const maxMessageLength = 4096
const maxLayouts = 4

/** The parser of objects, the plans that it makes, and the patching of them. */
export function execute(input: Buffer, random: Random): Outcome {
  let plan: ObjectPlan
  try {
    plan = parseObject(input)
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    checkMessage(error)
    return { refusal: error }
  }
  checkPlan(plan)
  checkPatches(plan, random)
  describeObject(plan)
  if (plan.btf !== undefined) checkLayouts(plan.btf)
  return { features: featuresOf(plan) }
}

/** Names in messages are the input's: they must not fill a log or write on a terminal. */
function checkMessage(error: ElfError): void {
  const text = describeError(error)
  if (text.length > maxMessageLength) throw new InvariantError(`a message of ${text.length} characters`)
  if ([...text].some((character) => character < ' ' || character === '\u007f')) {
    throw new InvariantError(`a message with control characters: ${JSON.stringify(text)}`)
  }
}

/** What the layouts of maps are generated from. */
function checkLayouts(bytes: Buffer): void {
  const btf = parseBtf(bytes)
  const structs = btf.types.filter(({ kind, name }) => kind === 'struct' && name !== '')
  for (const { name } of structs.slice(0, maxLayouts)) {
    try {
      const { fields } = structLayout(btf, name)
      if (Object.getPrototypeOf(fields) !== Object.prototype)
        throw new InvariantError(`the layout of ${name} has another prototype`)
    } catch (error) {
      if (!(error instanceof LayoutError || error instanceof BtfError)) throw error
    }
  }
}

/** Counts up to a few: one slot more is nothing new. */
function featuresOf(plan: ObjectPlan): string[] {
  const some = (list: readonly unknown[]) => Math.min(list.length, 3)
  const programs = plan.programs.map(({ type, mapSlots, dataSlots, constantSlots, btf }) => {
    const slots = `${some(mapSlots)} maps, ${some(dataSlots)} data, ${some(constantSlots)} constants`
    return `${type}: ${slots}${btf === undefined ? '' : ', lines'}`
  })
  const maps = plan.maps.map(({ spec, pinning, btfTypes }) =>
    [`map ${spec.type}, pinning ${pinning}`, ...(btfTypes === undefined ? [] : ['types'])].join(', '),
  )
  const counts = `${some(plan.programs)} programs, ${some(plan.maps)} maps, ${some(plan.data)} data sections`
  return [...programs, ...maps, `${counts}${plan.btf === undefined ? '' : ', BTF'}`]
}
