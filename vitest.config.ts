import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests run on the sources: no build stands between an edit and its test.
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['{packages,apps}/*/src/**/*.test.{ts,tsx}', 'signaling-server/src/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
