import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests run on the sources: no build stands between an edit and its test.
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['{packages,apps}/*/src/**/*.test.{ts,tsx}', 'signaling-server/src/**/*.test.ts'],
    testTimeout: 20_000,
    // On two cores as well: the longest tests are the simulator's.
    maxWorkers: 2,
    // The simulator makes millions of objects that live for a moment: with room for them to die young it needs a tenth less time.
    execArgv: ['--max-semi-space-size=64'],
  },
})
