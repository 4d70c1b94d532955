import { fileURLToPath } from 'node:url'

/** Where `pnpm build` puts the CNI executable. */
export const cniExecutablePath: string = fileURLToPath(new URL('../dist/axoneme-cni', import.meta.url))
