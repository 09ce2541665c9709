import type { BrowserContext, ConsoleMessage, JSHandle, Page } from 'playwright-core'
import type { JoinChoices, Listener } from '../page/page.js'

declare global {
  /** RTCPeerConnections made by this page, closed ones too. */
  var connectionsMade: number
  /** Of them, those that were closed by it. */
  var connectionsClosed: number
}

/** One tab, and the peer that runs in it once it has joined. */
export class Tab {
  readonly page: Page
  /** Uncaught errors, unhandled rejections and what the page's own code wrote to `console.error`. */
  readonly faults: string[] = []
  #listener: JSHandle<Listener> | undefined
  #id = ''

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.faults.push(error.stack ?? error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !isExpected(message)) this.faults.push(message.text())
    })
  }

  static async open(context: BrowserContext, address: string): Promise<Tab> {
    return Tab.in(await context.newPage(), address)
  }

  /** Opens the address in a page that is there and empty. */
  static async in(page: Page, address: string): Promise<Tab> {
    await page.addInitScript(countConnections)
    const tab = new Tab(page)
    await page.goto(address)
    return tab
  }

  /** Joins, and answers with the peer's id: 40 hex digits. */
  async join(choices: JoinChoices): Promise<string> {
    this.#listener = await this.page.evaluateHandle((given) => globalThis.joinAndListen(given), choices)
    this.#id = await this.call(({ peer }) => peer.id)
    return this.#id
  }

  /** The id of the peer that joined last. */
  get id(): string {
    return this.#id
  }

  /** Runs work in the page, on its peer. Nothing but the argument reaches it, and nothing but its result comes back. */
  call<Result>(work: (listener: Listener) => Result): Promise<Awaited<Result>>
  call<Result, Argument>(work: (listener: Listener, argument: Argument) => Result, argument: Argument): Promise<Awaited<Result>>
  async call<Result, Argument>(work: (listener: Listener, argument: Argument) => Result, argument?: Argument): Promise<Awaited<Result>> {
    if (!this.#listener) throw new TypeError('This tab has not joined yet.')
    // Playwright's types follow what survives the copying; here the tests do.
    const evaluate = this.#listener.evaluate.bind(this.#listener) as (work: unknown, argument: unknown) => Promise<Awaited<Result>>
    return evaluate(work, argument)
  }

  /** Counted outside of Hashtab, by the constructor itself. */
  connectionsMade(): Promise<number> {
    return this.page.evaluate(() => globalThis.connectionsMade)
  }

  /** Of those that were made, the ones that are not given up yet. */
  connectionsOpen(): Promise<number> {
    return this.page.evaluate(() => globalThis.connectionsMade - globalThis.connectionsClosed)
  }

  /** As by F5. The peer is gone until it joins again. */
  async reload(): Promise<void> {
    this.#listener = undefined
    await this.page.reload()
  }

  /** The renderer dies at once: no goodbye, no handler, no closed connection. */
  async crash(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page)
    const crashed = this.page.waitForEvent('crash')
    // It never answers: whoever would is gone.
    session.send('Page.crash').catch(() => undefined)
    await crashed
  }

  /** As by its ✕, the handlers of a page that goes away run. */
  close(): Promise<void> {
    return this.page.close({ runBeforeUnload: false })
  }
}

/** What the browser itself writes: for each socket to a server that was killed on purpose, and for an icon that the page has not. */
function isExpected(message: ConsoleMessage): boolean {
  const isSocket = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/.test(message.text())
  return isSocket || message.location().url.endsWith('/favicon.ico')
}

/** Runs in the page before any of its code. */
function countConnections(): void {
  globalThis.connectionsMade = 0
  globalThis.connectionsClosed = 0
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      globalThis.connectionsMade++
    }

    override close(): void {
      if (this.signalingState !== 'closed') globalThis.connectionsClosed++
      super.close()
    }
  }
}
