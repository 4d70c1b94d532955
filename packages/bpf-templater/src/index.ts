export { type ElfFile, type ElfSection, parseElf } from './elf/elf-file.ts'
export { ElfError, TemplateError } from './errors.ts'
export {
  describeObject,
  type MapDescription,
  type ObjectDescription,
  type ProgramDescription,
} from './plan/describe-object.ts'
export type {
  ConstantPlan,
  DataPlan,
  MapPlan,
  ObjectPlan,
  ProgramBtfPlan,
  ProgramPlan,
} from './plan/object-plan.ts'
export { parseObject } from './plan/parse-object.ts'
export { type ConstantValue, encodeConstants } from './template/constant-values.ts'
export { patchProgram, type SlotValues } from './template/patch.ts'
export { type InstanceOptions, loadTemplate, type ProgramSet, type Template } from './template/template.ts'
