import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/global-setup.ts'],
    setupFiles: ['test/helpers/file-setup.ts'],
    sequence: { hooks: 'list' },
    // A bound for what hangs; a busy machine is no fault.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // No module of ours has state, so that test files share a process, and what they import is loaded once.
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    // Node loads the code as it does in operation.
    experimental: { viteModuleRunner: false },
  },
})
