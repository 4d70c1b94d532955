import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{packages,apps,tools}/*/src/**/*.test.ts'],
    // Kernel tests share the machine's namespaces and two cores.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The kernel's work queues alone may take a second; on a busy or emulated machine, more.
    expect: { poll: { timeout: 15_000 } },
  },
})
