export { type BpftoolObject, bpftool, loadByBpftool, translatedInstructions } from './bpftool.testing.ts'
export {
  assemblable,
  assemblerArguments,
  compileBpf,
  compileBpfByText,
  dumpSection,
} from './compile.testing.ts'
export {
  type TemporaryPath,
  temporaryBpffs,
  temporaryDirectory,
  temporaryNetns,
} from './temporary.testing.ts'

/** Tests of the kernel run as root and nowhere else. */
export const isRoot = process.getuid?.() === 0
