import { defineConfig } from 'vitest/config'
import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

// The longest ones, so that no worker is left alone with one of them at the end. Where nothing is known of an earlier run, files
// would go by their size, which says little.
const longest = ['demo/demo', 'dataplane/duckdb', 'cli/dataspace', 'management/bad-input', 'edc/edc', 'transfer/any-message', 'negotiation/any-message', 'fuzz/regressions', 'persistence/replicas', 'audit/independent-bundle', 'audit/independent', 'audit/tamper/connector', 'audit/tamper/tamper', 'audit/witness/connectors', 'tck/tck', 'conformance/other-process', 'docker']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return found === -1 ? longest.length : found
    }
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array that is sorted here.
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/global-setup.ts'],
    setupFiles: ['test/helpers/file-setup.ts'],
    sequence: { hooks: 'list', sequencer: LongestFirst },
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
