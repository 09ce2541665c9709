import { TestBrowser } from './browser.js'
import { PageServer } from './page-server.js'
import { ServerProcess } from './server-process.js'
import type { Tab } from './tab.js'
import type { JoinChoices } from '../page/page.js'

/** What the tests of the overlay play on: one browser, the page's server, the signalling server. Each test file has its own. */
export class Stage {
  readonly browser: TestBrowser
  readonly pages: PageServer
  readonly server: ServerProcess

  private constructor(browser: TestBrowser, pages: PageServer, server: ServerProcess) {
    this.browser = browser
    this.pages = pages
    this.server = server
  }

  static async set(): Promise<Stage> {
    return new Stage(await TestBrowser.launch(), await PageServer.ofTestPage(), await ServerProcess.start())
  }

  /** This many tabs, each in a context of its own, joined all at once. */
  async joinTabs(count: number, choices: JoinChoices): Promise<Tab[]> {
    const tabs = await Promise.all(Array.from({ length: count }, () => this.browser.openTab(this.pages.address)))
    await Promise.all(tabs.map((tab) => tab.join(choices)))
    return tabs
  }

  async strike(): Promise<void> {
    await this.browser.close()
    await this.server.kill()
    await this.pages.stop()
  }
}
