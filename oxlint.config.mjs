// @ts-check
// The rules, and the arrows of the map in ARCHITECTURE.md: which folder may import what.
// In JavaScript rather than JSON, so that the arrows are one table. `npm run lint` reads it, and scripts/check-arrows.mjs tries it.
import { defineConfig } from 'oxlint'

/** @typedef {NonNullable<import('oxlint').OxlintOverride['rules']>} Rules */

/** Per folder, all that its sources may import besides their own files. '/**': whatever is below, too. */
const arrows = {
  'packages/core': ['@noble/hashes/**'],
  'packages/peer': ['@hashtab/core', '@noble/ciphers/**', '@noble/curves/**', '@noble/ed25519', '@noble/hashes/**'],
  'packages/signaling': ['@hashtab/core', '@hashtab/peer'],
  'packages/webrtc': ['@hashtab/core', '@hashtab/peer', '#simple-peer', 'node-datachannel', 'node-datachannel/**'],
  'packages/indexeddb': ['@hashtab/core', '@hashtab/peer', '@noble/ciphers/**', '@noble/hashes/**', 'idb-keyval'],
  'packages/hashtab': [
    '@hashtab/core',
    '@hashtab/peer',
    '@hashtab/signaling',
    '@hashtab/webrtc',
    '@hashtab/webrtc/node',
    '@hashtab/indexeddb',
    'ws',
  ],
  'packages/simulator': ['@hashtab/core', '@hashtab/peer', 'node:*', 'node:*/**'],
  'packages/conformance': ['@hashtab/core', '@hashtab/peer'],
  'signaling-server': [
    '@hashtab/core',
    '@hashtab/peer',
    '@hashtab/signaling/protocol',
    'ioredis',
    'prom-client',
    'ws',
    'node:*',
    'node:*/**',
  ],
}

/** What tests may import besides what the sources beside them may. */
const testTools = [
  '@hashtab/conformance',
  'fake-indexeddb',
  'fake-indexeddb/**',
  'fast-check',
  'node:*',
  'node:*/**',
  'playwright-core',
  'vite',
  'vitest',
  'ws',
]

/**
 * Tests that put two packages together: a client is tested against its real server, and the other way round; core against real ciphers, our bytes
 * against BitTorrent's.
 *
 * @type {Record<string, readonly string[]>}
 */
const testArrows = {
  'packages/core': ['@noble/ciphers/**', '@noble/curves/**'],
  'packages/conformance': ['bencode', 'bittorrent-dht'],
  'packages/signaling': ['@hashtab/signaling-server'],
  'packages/hashtab': ['@hashtab/signaling-server'],
  'signaling-server': ['@hashtab/signaling'],
}

/** The ways around a package's front door: another's sources or build by path. Comes last in a group, where the last match wins. */
const aroundTheDoor = ['src', 'dist', 'packages', 'apps', 'e2e', 'signaling-server'].flatMap((name) => [
  `../${name}/**`,
  `../**/${name}/**`,
])

/** Golden bytes, which tests of several packages hold themselves to. */
const sharedFixtures = ['!../../**/src/fixtures/**', '!../../**/src/**/fixtures/**']

/** What would let a machine know the time, meet chance or touch the world. */
const outsideWorld = [
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'console',
  'crypto',
  'fetch',
  'process',
  'Buffer',
  'WebSocket',
  'RTCPeerConnection',
]

/**
 * @param {readonly string[]} group
 * @param {string} message
 * @param {readonly string[]} [exceptions]
 * @returns {Rules}
 */
const restrict = (group, message, exceptions = []) => ({
  'no-restricted-imports': ['error', { patterns: [{ group: [...group, ...aroundTheDoor, ...exceptions], message }] }],
})

/**
 * @param {string} folder
 * @param {readonly string[]} allowed
 * @param {readonly string[]} [exceptions]
 */
const mayImport = (folder, allowed, exceptions) =>
  restrict(
    ['*', ...['./**', '../**', ...allowed].map((pattern) => `!${pattern}`)],
    `By name, ${folder} may import: ${allowed.join(', ')}.`,
    exceptions,
  )

/** Tests, and what only they use. */
const testFiles = ['**/*.test.{ts,tsx}', 'fixtures/**', 'browser-page/**']

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  env: { es2023: true },
  options: { typeAware: true },
  ignorePatterns: ['**/dist/**', '**/screenshots/**'],
  rules: {
    'max-lines': ['error', { max: 400 }],
    'no-console': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    eqeqeq: 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/ban-ts-comment': 'error',
    'vitest/expect-expect': [
      'error',
      { assertFunctionNames: ['expect', 'fc.assert', 'run', 'must*', 'until', 'crowd.*', 'recordsWork', 'tellNoAddress'] },
    ],
    // Taste, or noise here: byte strings are branded by assertion, `.sort()` on a fresh copy is fine, and so on.
    'consistent-function-scoping': 'off',
    'import/no-named-as-default-member': 'off',
    'import/no-unassigned-import': 'off',
    'no-array-fill-with-reference-type': 'off',
    'no-array-reverse': 'off',
    'no-array-sort': 'off',
    'no-new-array': 'off',
    'no-shadow': 'off',
    'no-underscore-dangle': 'off',
    'no-useless-spread': 'off',
    'prefer-add-event-listener': 'off',
    'require-post-message-target-origin': 'off',
    'typescript/consistent-return': 'off',
    'typescript/no-extraneous-class': 'off',
    'typescript/no-meaningless-void-operator': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/no-standalone-expect': 'off',
    'vitest/require-to-throw-message': 'off',
  },
  overrides: [
    ...Object.entries(arrows).flatMap(([folder, allowed]) => {
      const allowedInTests = [...allowed, ...testTools, ...(testArrows[folder] ?? [])]
      return [
        { files: [`${folder}/src/**`], rules: mayImport(folder, allowed) },
        {
          files: testFiles.map((pattern) => `${folder}/src/${pattern}`),
          rules: mayImport(`a test in ${folder}`, allowedInTests, sharedFixtures),
        },
      ]
    }),
    {
      files: testFiles.map((pattern) => `**/src/${pattern}`),
      rules: { 'no-console': 'off', 'typescript/no-implied-eval': 'off', 'typescript/unbound-method': 'off' },
    },
    {
      files: ['apps/**', 'e2e/**', 'packages/bench/src/**'],
      rules: restrict(['@hashtab/**'], 'Apps import hashtab, the front door.'),
    },
    {
      files: ['packages/core/src/**'],
      excludeFiles: ['**/*.test.ts'],
      rules: {
        'no-restricted-globals': ['error', { globals: outsideWorld, checkGlobalObject: true }],
        'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Chance is drawn by the driver.' }],
      },
    },
    {
      files: ['packages/simulator/src/**'],
      rules: {
        'no-restricted-globals': ['error', { globals: ['Date', 'setTimeout', 'setInterval'], checkGlobalObject: true }],
        'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Chance is drawn from the seed.' }],
      },
    },
    { files: ['**/cli.ts', 'scripts/**', 'e2e/**'], rules: { 'no-console': 'off' } },
    { files: ['**/*.config.{ts,mjs}', 'packages/webrtc/slim/**'], rules: { 'import/no-default-export': 'off' } },
  ],
})
