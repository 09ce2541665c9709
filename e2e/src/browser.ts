import { networkInterfaces } from 'node:os'
import { chromium, type Browser, type BrowserContext } from 'playwright-core'
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs'
import { Tab } from './tab.js'

/** One headless Chromium. Every context is a user of his own: nothing kept is shared between two. */
export class TestBrowser {
  readonly #browser: Browser
  readonly #tabs: Tab[] = []

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<TestBrowser> {
    const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
    if (addresses.every(({ internal }) => internal)) {
      throw new Error('This machine has no network interface but loopback, and Chromium makes no WebRTC connection without one.')
    }
    return new TestBrowser(await chromium.launch({ executablePath: await findBrowser(), args: chromiumArguments }))
  }

  newContext(): Promise<BrowserContext> {
    return this.#browser.newContext()
  }

  /** A tab at this address, in a context of its own or in the one given. */
  async openTab(address: string, context?: BrowserContext): Promise<Tab> {
    const tab = await Tab.open(context ?? (await this.newContext()), address)
    this.#tabs.push(tab)
    return tab
  }

  /** What went wrong in the tabs since it was last asked for, each with how often: must be nothing. */
  takeFaults(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const fault of this.#tabs.flatMap((tab) => tab.faults.splice(0))) counts[fault] = (counts[fault] ?? 0) + 1
    return counts
  }

  close(): Promise<void> {
    return this.#browser.close()
  }
}
