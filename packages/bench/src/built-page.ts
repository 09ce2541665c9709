import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, preview, type PreviewServer } from 'vite'

/** A contestant's page, bundled as an app's would be, and served on a port of its own. */
export class BuiltPage {
  readonly gzipBytes: number
  readonly #server: PreviewServer
  readonly #folder: string

  private constructor(server: PreviewServer, folder: string, gzipBytes: number) {
    this.#server = server
    this.#folder = folder
    this.gzipBytes = gzipBytes
  }

  /** The page in this folder below src/pages. */
  static async of(page: string): Promise<BuiltPage> {
    const folder = await mkdtemp(join(tmpdir(), 'hashtab-bench-'))
    const root = fileURLToPath(new URL(`../src/pages/${page}`, import.meta.url))
    await build({
      root,
      configFile: false,
      logLevel: 'error',
      publicDir: fileURLToPath(new URL('../src/pages/public', import.meta.url)),
      build: { outDir: folder, emptyOutDir: true },
    })
    const server = await preview({
      configFile: false,
      logLevel: 'error',
      root: folder,
      build: { outDir: '.' },
      preview: { port: 0, host: '127.0.0.1' },
    })
    return new BuiltPage(server, folder, await scriptBytes(folder))
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.httpServer.address() as AddressInfo).port}/`
  }

  async stop(): Promise<void> {
    await this.#server.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** All scripts below a folder, each compressed as a web server would. */
async function scriptBytes(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.js'))
  const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(join(folder, name))).length))
  return sizes.reduce((sum, size) => sum + size, 0)
}
