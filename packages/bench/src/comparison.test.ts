import { expect, test } from 'vitest'
import { printComparison, printSamples, type Showing } from './comparison.js'
import { figures, type Samples } from './figure.js'

const never = Number.POSITIVE_INFINITY

test.each([
  { figure: figures.putColdMs, samples: [192], printed: '192 ms' },
  { figure: figures.putColdMs, samples: [1, 3, 2], printed: '2 ms (1 ms–3 ms)' },
  { figure: figures.putColdMs, samples: [12_345], printed: '12.3 s' },
  { figure: figures.fullMs, samples: [100, 200, never], printed: '200 ms (100 ms–never)' },
  { figure: figures.fullMs, samples: [never, never], printed: 'never' },
  { figure: figures.heapBytes, samples: [7_800_000], printed: '7.8 MB' },
  { figure: figures.serverBytes, samples: [0], printed: '0.0 KB' },
  { figure: figures.connectionsPerLookup, samples: [0.125], printed: '0.13' },
  { figure: figures.readyTabs, samples: [1, 1, 0], printed: '2 of 3' },
  { figure: figures.readyTabs, samples: [], printed: '–' },
  { figure: figures.readyTabs, samples: undefined, printed: '–' },
])('$samples is printed as $printed', ({ figure, samples, printed }) => {
  expect(printSamples(figure, samples)).toBe(printed)
})

test.each([
  { ours: { putColdMs: [25] }, rival: { putColdMs: [100] }, row: /first put of a tab .* 1\/4\.0 +≤ 1\/4 +ok$/m },
  { ours: { putColdMs: [26] }, rival: { putColdMs: [100] }, row: /first put of a tab .* 1\/3\.8 +≤ 1\/4 +missed$/m },
  { ours: { putColdMs: [200] }, rival: { putColdMs: [100] }, row: /first put of a tab .* × 2\.0 +≤ 1\/4 +missed$/m },
  { ours: { putColdMs: [25] }, rival: { putColdMs: [never] }, row: /first put of a tab .* 0 +≤ 1\/4 +ok$/m },
  // What never came is better than nothing.
  { ours: { putColdMs: [never] }, rival: { putColdMs: [never] }, row: /first put of a tab .*never +– +never +≤ 1\/4 +missed$/m },
  { ours: { readyTabs: [1, 1] }, rival: { readyTabs: [1, 0] }, row: /tabs ready in 40 s .*2 of 2 +– +1 of 2 +all +ok$/m },
  { ours: { readyTabs: [1, 0] }, rival: { readyTabs: [1, 1] }, row: /tabs ready in 40 s .*1 of 2 +– +2 of 2 +all +missed$/m },
  {
    ours: { getAfterLossMs: [501] },
    rival: { getAfterLossMs: [5_000] },
    row: /first get .*501 ms +– +5000 ms +1\/10\.0 +≤ 500 ms +missed$/m,
  },
  { ours: { connectionsPerLookup: [0.5] }, rival: { connectionsPerLookup: [0] }, row: /connections made per get .*≤ 0 +missed$/m },
] satisfies { ours: Samples; rival: Samples; row: RegExp }[])('$ours beside $rival', ({ ours, rival, row }) => {
  const showings: Showing[] = [
    { name: 'ours', samples: ours },
    { name: 'between', samples: {} },
    { name: 'rival', samples: rival },
  ]
  expect(printComparison(showings)).toMatch(row)
})
