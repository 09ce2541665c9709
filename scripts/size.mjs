// @ts-check
// How much a page grows by importing `join` from hashtab: bundled as an app would, with vite and no configuration.
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { root } from './command.mjs'

/** What a web page is willing to carry for this is 70 KB; watches, merging, routed lookups and encryption took it beyond: see docs/decisions/0005. 1 KB is 1,000 bytes. */
const gzipBytesMax = 82_000

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

const codes = bundle.output.flatMap((part) => (part.type === 'chunk' ? [Buffer.from(part.code)] : []))
const total = (/** @type {readonly Buffer[]} */ parts) => parts.reduce((sum, part) => sum + part.length, 0)
const gzipBytes = total(codes.map((code) => gzipSync(code)))
const inKb = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} KB`

console.log(
  `An app that imports only join: ${inKb(gzipBytes)} gzip, ${inKb(total(codes))} minified, ${codes.length} files; allowed: ${inKb(gzipBytesMax)} gzip`,
)
if (gzipBytes > gzipBytesMax) {
  console.error('That is too much.')
  process.exitCode = 1
}
