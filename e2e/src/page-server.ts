import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, preview, type PreviewServer } from 'vite'

/** Serves built pages on a port of its own, so that they stay reachable when the signalling server is killed. */
export class PageServer {
  readonly #server: PreviewServer
  readonly #folder: string | undefined

  private constructor(server: PreviewServer, folder?: string) {
    this.#server = server
    this.#folder = folder
  }

  /** The page of the tests, built as an app with vite and no configuration would be, but for names in it that a person can read. */
  static async ofTestPage(): Promise<PageServer> {
    const folder = await mkdtemp(join(tmpdir(), 'hashtab-page-'))
    const root = fileURLToPath(new URL('../page', import.meta.url))
    await build({ root, configFile: false, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true, minify: false } })
    return new PageServer(await serve(folder), folder)
  }

  /** A plain Vite app that consists of this one script. It stands within the repository, where `hashtab` is found as it is after an install. */
  static async ofApp(script: string): Promise<PageServer> {
    const root = await mkdtemp(fileURLToPath(new URL('../app-', import.meta.url)))
    try {
      await writeFile(
        join(root, 'index.html'),
        '<!doctype html><title>app</title><link rel="icon" href="data:,"><script type="module" src="/main.ts"></script>',
      )
      await writeFile(join(root, 'main.ts'), script)
      const folder = await mkdtemp(join(tmpdir(), 'hashtab-app-'))
      await build({ root, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } })
      return new PageServer(await serve(folder), folder)
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  }

  /** Pages that were built before, such as the chat's. `folder` is relative to the repository's root. */
  static async ofFolder(folder: string): Promise<PageServer> {
    return new PageServer(await serve(fileURLToPath(new URL(`../../${folder}`, import.meta.url))))
  }

  get address(): string {
    return `http://localhost:${(this.#server.httpServer.address() as AddressInfo).port}/`
  }

  async stop(): Promise<void> {
    await this.#server.close()
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true })
  }
}

function serve(folder: string): Promise<PreviewServer> {
  return preview({ configFile: false, logLevel: 'warn', build: { outDir: folder }, preview: { port: 0, host: '127.0.0.1' } })
}
