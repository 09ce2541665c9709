// @ts-check
// Bundles simple-peer for browsers as dist/simple-peer.js: its own code whole, its Node dependencies as the few lines of them it uses.
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))

await build({
  root: at('..'),
  configFile: false,
  logLevel: 'warn',
  resolve: {
    alias: {
      'readable-stream': at('stream.cjs'),
      buffer: at('buffer.cjs'),
      randombytes: at('randombytes.cjs'),
      debug: at('debug.cjs'),
    },
  },
  plugins: [
    {
      name: 'without-debug',
      // Every such call stands on a line of its own, and does nothing without the `debug` package.
      transform: (code, id) => (id.endsWith('/simple-peer/index.js') ? code.replace(/^\s*this\._debug\(.*\)$/gm, ';') : undefined),
    },
  ],
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    lib: { entry: at('entry.mjs'), formats: ['es'], fileName: () => 'simple-peer.js' },
  },
})
