export { type BtfTypeOf, btfSizeOf, btfTypeAt, findBtfType, resolveBtfType } from './btf/lookup.ts'
export { parseBtf } from './btf/parse.ts'
export { structLayout } from './btf/struct-layout.ts'
export type {
  Btf,
  BtfComposite,
  BtfDatasec,
  BtfEnumerator,
  BtfLinkage,
  BtfMember,
  BtfReference,
  BtfType,
} from './btf/types.ts'
export { BtfError, LayoutError, MapFullError, MapShapeError, ProgramRejectedError } from './errors.ts'
export {
  type BigintKind,
  defineLayout,
  type FieldShape,
  type Layout,
  type LayoutShape,
  type LayoutValue,
  type NumberKind,
} from './layout/layout.ts'
