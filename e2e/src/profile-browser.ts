import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext } from 'playwright-core'
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs'
import { Tab } from './tab.js'

/** One Chromium with a profile on disk, which outlives it: for what a user finds again after the browser, or the machine, has died. */
export class ProfileBrowser {
  readonly #folder: string
  #context: BrowserContext | undefined
  #pid = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async launch(): Promise<ProfileBrowser> {
    const browser = new ProfileBrowser(await mkdtemp(join(tmpdir(), 'hashtab-profile-')))
    await browser.restart()
    return browser
  }

  async restart(): Promise<void> {
    this.#context = await chromium.launchPersistentContext(this.#folder, { executablePath: await findBrowser(), args: chromiumArguments })
    const devtools = await this.#context.browser()!.newBrowserCDPSession()
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
    this.#pid = processInfo.find(({ type }) => type === 'browser')!.id
  }

  get context(): BrowserContext {
    if (!this.#context) throw new TypeError('This browser does not run.')
    return this.#context
  }

  openTab(address: string): Promise<Tab> {
    return Tab.open(this.context, address)
  }

  /** SIGKILL, at once: no page, and no part of the browser, has time for a last word. */
  kill(): void {
    process.kill(this.#pid, 'SIGKILL')
  }

  async close(): Promise<void> {
    await this.#context?.close()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
