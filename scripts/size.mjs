// @ts-check
// How much a page grows by importing `join` from hashtab: bundled as an app would, with vite and no configuration.
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { root } from './command.mjs'

/** What a web page is willing to carry for this before it can join: see docs/decisions/0005. 1 KB is 1,000 bytes. */
const firstGzipBytesMax = 70_000
/** All of it, with what is loaded once the page has begun to join, or first exports an identity: a user on a phone pays for this, too. */
const sumGzipBytesMax = 100_000

const app = '\0app'
const bundle = await build({
  root,
  configFile: false,
  logLevel: 'warn',
  plugins: [
    {
      name: 'the-smallest-app',
      resolveId: (id) => (id === app ? id : undefined),
      load: (id) => (id === app ? `import { join } from 'hashtab'\nglobalThis.join = join` : undefined),
    },
  ],
  build: { write: false, rolldownOptions: { input: app } },
})
if (!('output' in bundle)) throw new TypeError('vite gave no single bundle')

const chunks = bundle.output.filter((part) => part.type === 'chunk')
const gzipBytes = (/** @type {readonly { readonly code: string }[]} */ parts) =>
  parts.reduce((sum, { code }) => sum + gzipSync(Buffer.from(code)).length, 0)
const inKb = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} KB`

/** What the page must have before the first line of it runs, by file name. @type {Set<string>} */
const first = new Set()
for (const rest = chunks.filter((chunk) => chunk.isEntry).map(({ fileName }) => fileName); rest.length > 0;) {
  const name = rest.pop() ?? ''
  if (first.has(name)) continue
  first.add(name)
  rest.push(...(chunks.find(({ fileName }) => fileName === name)?.imports ?? []))
}
const atFirst = gzipBytes(chunks.filter(({ fileName }) => first.has(fileName)))
const later = gzipBytes(chunks.filter(({ fileName }) => !first.has(fileName)))

const sum = atFirst + later

console.log(`An app that imports only join, gzip:
${inKb(atFirst)} before the page runs, allowed ${inKb(firstGzipBytesMax)}
${inKb(later)} more right after, once it has begun to join
${inKb(sum)} in all, allowed ${inKb(sumGzipBytesMax)}`)
if (atFirst > firstGzipBytesMax || sum > sumGzipBytesMax) {
  console.error('That is too much.')
  process.exitCode = 1
}
