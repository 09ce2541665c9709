import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Browser, type BrowserContext, type CDPSession, chromium } from 'playwright-core'
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs'
import { Tab } from './tab.js'

/**
 * A Chromium whose tabs have a window each, to be hidden, shown and frozen for real. Playwright, when it starts a browser itself, has every page
 * seem visible and focused; so it is started here and only looked into.
 */
export class Windows {
  readonly #process: ChildProcess
  readonly #browser: Browser
  readonly #session: CDPSession
  readonly #folder: string

  private constructor(process: ChildProcess, browser: Browser, session: CDPSession, folder: string) {
    this.#process = process
    this.#browser = browser
    this.#session = session
    this.#folder = folder
  }

  static async launch(): Promise<Windows> {
    const folder = await mkdtemp(join(tmpdir(), 'hashtab-windows-'))
    const parameters = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${folder}`, ...chromiumArguments, 'about:blank']
    const child = spawn(await findBrowser(), parameters, { stdio: ['ignore', 'ignore', 'pipe'] })
    const browser = await chromium.connectOverCDP(await endpointOf(child), { noDefaults: true })
    return new Windows(child, browser, await browser.newBrowserCDPSession(), folder)
  }

  async open(address: string): Promise<Tab> {
    const opened = this.#context.waitForEvent('page')
    await this.#session.send('Target.createTarget', { url: 'about:blank', newWindow: true })
    return Tab.in(await opened, address)
  }

  /** As when the user minimizes its window. */
  hide(tab: Tab): Promise<void> {
    return this.#setWindow(tab, 'minimized')
  }

  show(tab: Tab): Promise<void> {
    return this.#setWindow(tab, 'normal')
  }

  /** Only for a hidden tab: nothing runs in it any more, while its connections stay open. */
  freeze(tab: Tab): Promise<void> {
    return this.#setLife(tab, 'frozen')
  }

  thaw(tab: Tab): Promise<void> {
    return this.#setLife(tab, 'active')
  }

  async close(): Promise<void> {
    const exited = once(this.#process, 'exit')
    await this.#session.send('Browser.close').catch(() => undefined)
    await exited
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  get #context(): BrowserContext {
    return this.#browser.contexts()[0]!
  }

  async #setWindow(tab: Tab, windowState: 'minimized' | 'normal'): Promise<void> {
    const session = await this.#context.newCDPSession(tab.page)
    const { windowId } = await session.send('Browser.getWindowForTarget')
    await session.send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
    await session.detach()
  }

  async #setLife(tab: Tab, state: 'frozen' | 'active'): Promise<void> {
    const session = await this.#context.newCDPSession(tab.page)
    await session.send('Page.setWebLifecycleState', { state })
    await session.detach()
  }
}

/** Where a Chromium that was just started is to be spoken to: it says so on its error output. */
async function endpointOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stderr! })) {
    const address = /ws:\/\/\S+/.exec(line)?.[0]
    if (!address) continue
    // Nobody reads on: what it writes more must not stop it.
    child.stderr!.resume()
    return address
  }
  throw new Error('Chromium ended before it could be spoken to.')
}
