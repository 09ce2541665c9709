import { type Browser, chromium } from 'playwright-core'
import type { Contestant, Introducer } from './contestants/contestant.js'
import { CountingProxy, freePort } from './counting-proxy.js'
import { Crowd } from './crowd.js'
import { type RendererUse, renderersOf } from './renderers.js'
import { Tab } from './tab.js'

/** A browser that runs: its path, and what it is started with. */
export interface BrowserChoice {
  readonly path: string
  readonly parameters: readonly string[]
}

/** What one part of a round is played on: a browser and a server of its own, so that nothing is left from the part before. */
export class Stage {
  readonly crowd: Crowd
  readonly proxy: CountingProxy
  /** Whether tabs can be asked to end connections; else pairs are unlinked from the start. */
  readonly unlinks: boolean
  readonly #introducer: Introducer
  readonly #browser: Browser

  private constructor(crowd: Crowd, proxy: CountingProxy, unlinks: boolean, introducer: Introducer, browser: Browser) {
    this.crowd = crowd
    this.proxy = proxy
    this.unlinks = unlinks
    this.#introducer = introducer
    this.#browser = browser
  }

  /** The tabs are open and empty; the crowd's `load` starts them. */
  static async set(contestant: Contestant, page: string, count: number, sparse: boolean, choice: BrowserChoice): Promise<Stage> {
    const port = await freePort()
    const proxy = await CountingProxy.before(port)
    const introducer = await contestant.introduce(port, proxy.port)
    const browser = await chromium.launch({ executablePath: choice.path, args: [...choice.parameters] })
    const settings = { introducer: introducer.address, tabs: count, variant: contestant.variant, sparse }
    const tabs = await Promise.all(Array.from({ length: count }, async () => Tab.open(await browser.newContext(), page, settings)))
    return new Stage(new Crowd(tabs, page), proxy, contestant.unlinks, introducer, browser)
  }

  /** What the tabs' processes have taken so far. */
  renderers(): Promise<RendererUse[]> {
    return renderersOf(this.#browser)
  }

  async killServer(): Promise<void> {
    await this.#introducer.kill()
    await this.proxy.stop()
  }

  async strike(): Promise<void> {
    await this.#browser.close()
    await this.killServer()
  }
}
