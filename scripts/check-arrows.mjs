// @ts-check
// Tries the lint rules on sources that must be refused, and on sources that must not: a rule that never fires holds nothing.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './command.mjs'

/** A file, its text, and the rule that must refuse it. */
/** @type {readonly (readonly [path: string, text: string, rule: string])[]} */
const refused = [
  ...forbiddenImports('packages/core', [
    '@hashtab/peer',
    '@noble/curves/ed25519.js',
    'node:fs',
    'ws',
    '../../peer/src/index.js',
    '@hashtab/simulator',
  ]),
  ...forbiddenImports('packages/peer', [
    '@hashtab/webrtc',
    '@hashtab/signaling',
    'hashtab',
    'node:crypto',
    'idb-keyval',
    '@hashtab/conformance',
  ]),
  ...forbiddenImports('packages/signaling', [
    '@hashtab/webrtc',
    '@hashtab/indexeddb',
    '@hashtab/signaling-server',
    'ws',
    '../../webrtc/dist/index.js',
  ]),
  ...forbiddenImports('packages/webrtc', ['@hashtab/signaling', '@hashtab/indexeddb', 'hashtab', '../../indexeddb/src/index.js']),
  ...forbiddenImports('packages/indexeddb', ['@hashtab/signaling', '@hashtab/webrtc', 'hashtab', '@hashtab/conformance']),
  ...forbiddenImports('packages/hashtab', ['@hashtab/simulator', '@hashtab/conformance', '@hashtab/signaling-server', 'simple-peer']),
  ...forbiddenImports('packages/simulator', ['@hashtab/webrtc', 'hashtab', '@hashtab/signaling']),
  ...forbiddenImports('packages/conformance', ['@hashtab/webrtc', '@hashtab/indexeddb', 'vitest']),
  ...forbiddenImports('signaling-server', ['@hashtab/signaling', '@hashtab/webrtc', 'hashtab', '../../packages/signaling/src/index.js']),
  ...forbiddenImports('apps/chat', ['@hashtab/core', '@hashtab/peer', '@hashtab/webrtc', '../../../packages/peer/src/index.js']),
  ...forbiddenImports('packages/bench', ['@hashtab/core', '@hashtab/webrtc', '../../peer/src/index.js']),
  ...forbiddenImports('e2e', ['@hashtab/core', '@hashtab/signaling-server', '../../packages/hashtab/src/index.js']),
  ['packages/core/src/dynamic.ts', "export const load = () => import('node:fs')\n", 'no-restricted-imports'],
  ['packages/core/src/reexport.ts', "export { join } from 'hashtab'\n", 'no-restricted-imports'],
  [
    'packages/core/src/a-type.ts',
    "import type { Peer } from 'hashtab'\nexport const peer: Peer | undefined = undefined\n",
    'no-restricted-imports',
  ],
  ['packages/webrtc/src/adapter.test.ts', importing('@hashtab/signaling'), 'no-restricted-imports'],
  ['packages/peer/src/around.test.ts', importing('../../core/src/links/link.js'), 'no-restricted-imports'],
  ['packages/core/src/date.ts', 'export const now = () => Date.now()\n', 'no-restricted-globals'],
  ['packages/core/src/global-date.ts', 'export const now = () => globalThis.Date.now()\n', 'no-restricted-globals'],
  ['packages/core/src/timer.ts', 'export const later = (work: () => void) => setTimeout(work, 1)\n', 'no-restricted-globals'],
  ['packages/core/src/chance.ts', 'export const toss = () => Math.random()\n', 'no-restricted-properties'],
  ['packages/simulator/src/chance.ts', 'export const toss = () => Math.random()\n', 'no-restricted-properties'],
  ['packages/core/src/console.ts', "console.log('here')\nexport const here = true\n", 'no-console'],
  ['packages/peer/src/console.ts', "console.log('here')\nexport const here = true\n", 'no-console'],
  ['packages/peer/src/floating.ts', 'export const start = (work: () => Promise<void>) => {\n  work()\n}\n', 'no-floating-promises'],
  ['packages/peer/src/misused.ts', 'export const start = (work: () => Promise<void>) => [1].forEach(work)\n', 'no-misused-promises'],
  ['packages/peer/src/any.ts', 'export const swallow = (value: any) => value\n', 'no-explicit-any'],
  [
    'packages/peer/src/exhaustive.ts',
    "export function f(a: 'x' | 'y') {\n  switch (a) {\n    case 'x':\n      return 1\n  }\n}\n",
    'switch-exhaustiveness-check',
  ],
  [
    'packages/peer/src/type-import.ts',
    "import { Key } from '@hashtab/core'\nexport const key: Key | undefined = undefined\n",
    'consistent-type-imports',
  ],
  ['packages/peer/src/long.ts', '//\n'.repeat(401), 'max-lines'],
]

/** @type {readonly (readonly [path: string, text: string])[]} */
const accepted = [
  ['packages/core/src/fine.ts', importing('@noble/hashes/sha2.js', './key.js')],
  ['packages/core/src/deep/fine.ts', importing('../key.js')],
  ['packages/core/src/fine.test.ts', importing('vitest', 'fast-check', '@hashtab/conformance', './key.js')],
  ['packages/peer/src/golden.test.ts', importing('../../core/src/fixtures/bep44.js', '../../core/src/records/fixtures/bep44.js')],
  ['packages/peer/src/fine.ts', importing('@hashtab/core', '@noble/curves/ed25519.js', './ports/clock.js')],
  ['packages/webrtc/src/fine.ts', importing('@hashtab/core', '@hashtab/peer', '#simple-peer')],
  [
    'packages/hashtab/src/fine.ts',
    importing('@hashtab/core', '@hashtab/peer', '@hashtab/signaling', '@hashtab/webrtc', '@hashtab/indexeddb'),
  ],
  ['packages/simulator/src/fine.ts', importing('@hashtab/core', 'node:fs', 'node:fs/promises')],
  ['signaling-server/src/fine.ts', importing('@hashtab/signaling/protocol', 'ws', 'node:http', '@hashtab/core')],
  ['apps/chat/src/fine.tsx', importing('hashtab', 'preact/hooks', 'idb-keyval', '../model.js')],
  ['packages/bench/src/fine.ts', importing('hashtab', 'libp2p', 'node:net', './tab.js')],
  ['e2e/src/fine.ts', importing('hashtab', 'playwright-core', 'node:http', '../../scripts/find-browser.mjs')],
]

const place = mkdtempSync(join(tmpdir(), 'hashtab-arrows-'))
try {
  for (const [path, text] of [...refused, ...accepted]) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  copyFileSync(join(root, 'oxlint.config.mjs'), join(place, 'oxlint.config.mjs'))
  copyFileSync(join(root, 'tsconfig.base.json'), join(place, 'tsconfig.json'))
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'), 'junction')
  report(lint())
} finally {
  rmSync(place, { recursive: true, force: true })
}

/** @returns {Map<string, string[]>} the rules that fired, by file */
function lint() {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  let output = ''
  try {
    // Named, because a linked node_modules would be linted as well.
    const folders = ['packages', 'signaling-server', 'apps', 'e2e']
    output = execFileSync(process.execPath, [oxlint, '-c', 'oxlint.config.mjs', '--format', 'json', ...folders], {
      cwd: place,
      encoding: 'utf8',
      maxBuffer: 64e6,
    })
  } catch (error) {
    // It ends with 1 because it refuses something, which is what is wanted here.
    output = /** @type {{ stdout: string }} */ (error).stdout
  }
  /** @type {Map<string, string[]>} */
  const fired = new Map()
  for (const { filename, code } of JSON.parse(output).diagnostics) {
    const path = filename.replaceAll('\\', '/')
    fired.set(path, [...(fired.get(path) ?? []), code])
  }
  return fired
}

/** @param {Map<string, string[]>} fired */
function report(fired) {
  const silent = refused.filter(([path, , rule]) => !fired.get(path)?.some((code) => code.includes(`(${rule})`)))
  const wrong = accepted.filter(([path]) => fired.get(path)?.some((code) => code.includes('no-restricted')))
  for (const [path, text, rule] of silent) console.error(`${rule} should have refused ${path}:\n${text.slice(0, 200)}`)
  for (const [path, text] of wrong) console.error(`${fired.get(path)?.join()} should have accepted ${path}:\n${text}`)
  console.log(
    `${refused.length - silent.length} of ${refused.length} forbidden sources refused, ${accepted.length - wrong.length} of ${accepted.length} fine ones accepted`,
  )
  if (silent.length + wrong.length > 0) process.exitCode = 1
}

/**
 * @param {string} folder
 * @param {readonly string[]} names
 */
function forbiddenImports(folder, names) {
  return names.map((name, i) => /** @type {const} */ ([`${folder}/src/forbidden-${i}.ts`, importing(name), 'no-restricted-imports']))
}

/** @param {string[]} names */
function importing(...names) {
  return (
    names.map((name, i) => `import { a as a${i} } from '${name}'\n`).join('') +
    `export const all = [${names.map((_, i) => `a${i}`).join(', ')}]\n`
  )
}
