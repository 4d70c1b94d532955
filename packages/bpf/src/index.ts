export { attachClsact, type ClsactAttachment, type ClsactFilter } from './attach/clsact.ts'
export { BpfLink } from './attach/link.ts'
export type { TcxAttachment } from './attach/tcx.ts'
export type { TrafficDirection } from './attach/tcx-link.ts'
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
export type { FeatureNeed } from './features/feature.ts'
export { KernelFeatureError } from './features/missing.ts'
export {
  type FeatureReport,
  type FeatureState,
  hasFeature,
  missingOptional,
  missingRequired,
  requireFeatures,
} from './features/report.ts'
export { type LoadedFeatures, loadFeatures } from './features/saved-report.ts'
export type { FeatureName } from './features/table.ts'
export { isBpffs, mountBpffs, unmountBpffs } from './kernel/bpffs.ts'
export type { BpfEvent, BpfObserver, BpfOperation } from './kernel/command.ts'
export type { LinkInfo, MapInfo, ProgramInfo } from './kernel/object-info.ts'
export { unpin } from './kernel/pin.ts'
export { type BpfKernel, openBpfKernel } from './kernel.ts'
export {
  type BigintKind,
  defineLayout,
  type FieldShape,
  type Layout,
  type LayoutShape,
  type LayoutValue,
  type NumberKind,
} from './layout/layout.ts'
export { possibleCpuCount } from './map/cpus.ts'
export { BpfMap, type MapEntry, type UpdateMode } from './map/map.ts'
export { type MapSpec, type MapType, mapFlags, mapTypeName } from './map/map-spec.ts'
export { BtfHandle } from './program/btf-handle.ts'
export { BpfProgram } from './program/program.ts'
export type { ProgramBtf, ProgramSpec, ProgramType } from './program/program-spec.ts'
export type { TestRunOptions, TestRunResult } from './program/test-run.ts'
export { openRingBuffer, type RingBuffer } from './ring-buffer/ring-buffer.ts'
