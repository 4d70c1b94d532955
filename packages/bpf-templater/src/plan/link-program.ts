import type { ElfFile, ElfSection, ElfSymbol } from '../elf/elf-file.ts'
import { undefinedSection } from '../elf/elf-file.ts'
import type { Relocation } from '../elf/relocations.ts'
import { ElfError } from '../errors.ts'
import type { ConstantSymbol } from './constants.ts'
import { type BpfFunction, type FunctionTable, subprogramSection } from './functions.ts'
import { Instructions, pseudo } from './instructions.ts'
import type { MapVariable } from './map-definitions.ts'
import type { ProgramPlan } from './object-plan.ts'

/** BPF_MAX_SUBPROGS of linux/bpf_verifier.h; it bounds the recursion here as well. */
const maxFunctions = 256
const maxInstructions = 1_000_000

export type LinkInput = Readonly<{
  elf: ElfFile
  functions: FunctionTable
  /** By offset in the section `.maps`. */
  maps: ReadonlyMap<number, MapVariable>
  /** By symbol. */
  constants: ReadonlyMap<string, ConstantSymbol>
}>

/** Where a function came to lie in a linked program, in instructions. */
export type Placement = Readonly<{ function: BpfFunction; at: number }>

export type LinkedProgram = Pick<ProgramPlan, 'insns' | 'mapSlots' | 'dataSlots' | 'constantSlots'> &
  Readonly<{ placements: readonly Placement[] }>

/**
 * Puts behind a program the functions that it calls, in the order of their first call, depth first: the order of
 * libbpf, so that the kernel computes the same tag. Relocations become slots. Throws ElfError naming the symbol.
 */
export function linkProgram(main: BpfFunction, input: LinkInput): LinkedProgram {
  const linker = new Linker(input)
  linker.place(main)
  return linker.result()
}

class Linker {
  readonly #input: LinkInput
  /** In the order of the linked program. */
  readonly #placements = new Map<BpfFunction, Placement & { insns: Instructions }>()
  readonly #mapSlots: ProgramPlan['mapSlots'][number][] = []
  readonly #dataSlots: ProgramPlan['dataSlots'][number][] = []
  readonly #constantSlots: ProgramPlan['constantSlots'][number][] = []
  #length = 0

  constructor(input: LinkInput) {
    this.#input = input
  }

  result(): LinkedProgram {
    const placements = [...this.#placements.values()]
    return {
      insns: Buffer.concat(placements.map(({ insns }) => insns.bytes)),
      mapSlots: this.#mapSlots,
      dataSlots: this.#dataSlots,
      constantSlots: this.#constantSlots,
      placements,
    }
  }

  /** Returns where the function starts, after it and all that it calls have their places. */
  place(fn: BpfFunction): number {
    const placed = this.#placements.get(fn)
    if (placed !== undefined) return placed.at
    const at = this.#length
    const insns = new Instructions(Buffer.from(fn.insns.bytes))
    this.#placements.set(fn, { function: fn, at, insns })
    this.#length += fn.length
    if (this.#placements.size > maxFunctions || this.#length > maxInstructions) {
      throw new ElfError(
        `function ${fn.name}: a program of more than ${maxFunctions} functions or ${maxInstructions} instructions`,
      )
    }
    for (let index = 0; index < fn.length; index++) {
      const relocation = fn.relocations.get(fn.start + index)
      if (insns.isLoadImmediate64(index)) {
        if (index + 1 >= fn.length)
          throw new ElfError(`function ${fn.name}: its last instruction is half of one`)
        // With another source it would name a descriptor of the process that loads it.
        if (insns.source(index) !== 0)
          throw new ElfError(`function ${fn.name}: instruction ${index} loads a kernel object by its number`)
        if (relocation !== undefined) this.#relocateLoad({ fn, at, insns, index }, relocation)
        index++
        if (fn.relocations.has(fn.start + index)) throw misplaced(fn, index)
      } else if (insns.isCall(index)) this.#relocateCall({ fn, at, insns, index }, relocation)
      else if (relocation !== undefined) throw misplaced(fn, index)
    }
    return at
  }

  #relocateCall({ fn, at, insns, index }: Site, relocation: Relocation | undefined): void {
    const source = insns.source(index)
    if (source === pseudo.kernelFunction)
      throw new ElfError(`function ${fn.name} calls a kernel function, which is not supported`)
    if (source !== pseudo.helper && source !== pseudo.call)
      throw new ElfError(`function ${fn.name}: instruction ${index} is a call of unknown kind ${source}`)
    if (relocation === undefined) {
      if (source === pseudo.helper) return
      // Within a section the compiler has resolved the call itself.
      const target = this.#functionAt(fn.section, fn.start + index + insns.immediate(index) + 1, fn)
      insns.setImmediate(index, this.place(target) - (at + index) - 1)
      return
    }
    const { symbol, kind } = relocation
    if (kind !== 'call') throw new ElfError(`function ${fn.name}: an address of ${symbol.name} in a call`)
    if (symbol.section === undefinedSection) {
      throw new ElfError(`function ${fn.name} calls ${symbol.name}, which is not in the object`)
    }
    // A static function is addressed by its section, and the immediate says where in it.
    const inSection = symbol.value / 8 + (symbol.type === 'section' ? insns.immediate(index) + 1 : 0)
    const target = this.#functionAt(this.#input.elf.sections[symbol.section], inSection, fn)
    insns.setSource(index, pseudo.call)
    insns.setImmediate(index, this.place(target) - (at + index) - 1)
  }

  #relocateLoad(site: Site, { kind, symbol }: Relocation): void {
    const { fn, at, insns, index } = site
    if (kind !== 'immediate')
      throw new ElfError(`function ${fn.name}: a call of ${symbol.name} that is no call`)
    const insn = at + index
    const addend = insns.immediate64(index)
    const section = this.#input.elf.sections[symbol.section]
    if (symbol.section === undefinedSection) {
      const { constant, word } = this.#constantOf(symbol, fn)
      insns.setImmediate64(index, 0n)
      this.#constantSlots.push({ insn, constant: constant.name, word, addend })
    } else if (section?.name === '.maps') {
      insns.setImmediate64(index, 0n)
      this.#mapSlots.push({ insn, map: this.#mapAt(symbol, addend, fn).name })
    } else if (section?.name.startsWith('.rodata')) {
      const offset = symbol.value + Number(addend)
      if (offset < 0 || offset >= section.bytes.length) {
        throw new ElfError(
          `function ${fn.name}: offset ${offset} of ${symbol.name} is outside of section ${section.name}`,
        )
      }
      insns.setImmediate64(index, 0n)
      this.#dataSlots.push({ insn, section: section.name, offset })
    } else if (section?.name === subprogramSection) {
      // The address of a function, for helpers that call back.
      const target = this.#functionAt(section, (symbol.value + Number(addend)) / 8, fn)
      insns.setImmediate64(index, 0n)
      insns.setSource(index, pseudo.function)
      insns.setImmediate(index, this.place(target) - insn - 1)
    } else {
      throw new ElfError(
        `function ${fn.name} uses ${symbol.name} in section ${section?.name ?? symbol.section}`,
        {
          hint: 'variables that can be written are not supported: use a map; constants belong in .rodata',
        },
      )
    }
  }

  #mapAt(symbol: ElfSymbol, addend: bigint, fn: BpfFunction): MapVariable {
    const offset = symbol.value + Number(addend)
    const map = this.#input.maps.get(offset)
    if (map === undefined)
      throw new ElfError(`function ${fn.name}: ${symbol.name} at ${offset} of .maps is no map`)
    return map
  }

  #constantOf(symbol: ElfSymbol, fn: BpfFunction): ConstantSymbol {
    const found = this.#input.constants.get(symbol.name)
    if (found === undefined) {
      throw new ElfError(
        `function ${fn.name} uses the undefined symbol ${JSON.stringify(symbol.name)}, which cannot be a constant`,
        {
          hint: 'constants are declared with their width: CONSTANT_U32(NAME) and the like of lib/constants.h',
        },
      )
    }
    return found
  }

  #functionAt(section: ElfSection | undefined, start: number, caller: BpfFunction): BpfFunction {
    const found = section && this.#input.functions.get(section)?.get(start)
    if (found === undefined) {
      throw new ElfError(
        `function ${caller.name} calls into section ${section?.name ?? '?'} at ${start}, where no function starts`,
      )
    }
    return found
  }
}

/** One instruction of a function that is being placed. */
type Site = { fn: BpfFunction; at: number; insns: Instructions; index: number }

function misplaced(fn: BpfFunction, index: number): ElfError {
  return new ElfError(
    `function ${fn.name}: instruction ${index} is relocated and neither a call nor a 64-bit load`,
  )
}
