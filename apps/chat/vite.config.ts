import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  // The packages of this repository are taken from their sources: no build stands between an edit and the page.
  resolve: { conditions: ['source', ...defaultClientConditions] },
  // Relative addresses: the page may be served from any folder.
  base: './',
  build: { target: 'es2023', sourcemap: true },
})
