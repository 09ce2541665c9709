import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import type { DialOutcome, Marks, SeatSettings } from './pages/seat.js'
import { within } from './within.js'

/** No operation of any contestant is waited for longer. */
export const operationMs = 15_000
/** For what a page does besides, on a busy machine: an operation ends itself after `operationMs`. */
const graceMs = 5_000

/** How long an operation took, in milliseconds; Infinity: it failed, was wrong or did not end in time. */
export type Latency = number

/** One tab of a contestant, in a browser context of its own: it shares nothing with the others. */
export class Tab {
  readonly #page: Page
  readonly #session: CDPSession
  #isGone = false

  private constructor(page: Page, session: CDPSession) {
    this.#page = page
    this.#session = session
  }

  /** A tab at an empty page of the address' origin: the browser's start of a process is none of the contestant's time. */
  static async open(context: BrowserContext, address: string, settings: SeatSettings): Promise<Tab> {
    const page = await context.newPage()
    await page.goto(new URL('empty.html', address).href)
    await page.addInitScript(prepare, settings)
    return new Tab(page, await context.newCDPSession(page))
  }

  async load(address: string): Promise<void> {
    await this.#page.goto(address)
  }

  get isGone(): boolean {
    return this.#isGone
  }

  marks(): Promise<Marks> {
    return this.#page.evaluate(() => globalThis.marks)
  }

  id(): Promise<string> {
    return this.#page.evaluate(() => globalThis.seat!.id)
  }

  links(): Promise<number> {
    return this.#page.evaluate(() => globalThis.seat?.links() ?? 0)
  }

  connectionsMade(): Promise<number> {
    return this.#page.evaluate(() => globalThis.connectionsMade)
  }

  put(key: string, value: string): Promise<Latency> {
    return this.#measured(
      this.#page.evaluate(
        async ({ key, value, operationMs }) => {
          const startMs = performance.now()
          await globalThis.seat!.put(key, value, AbortSignal.timeout(operationMs))
          return performance.now() - startMs
        },
        { key, value, operationMs },
      ),
    )
  }

  /** A get that does not find this value has failed. */
  get(key: string, value: string): Promise<Latency> {
    return this.#measured(
      this.#page.evaluate(
        async ({ key, value, operationMs }) => {
          const startMs = performance.now()
          const found = await globalThis.seat!.get(key, AbortSignal.timeout(operationMs))
          if (found !== value) throw new Error(`Found ${found}.`)
          return performance.now() - startMs
        },
        { key, value, operationMs },
      ),
    )
  }

  dial(id: string): Promise<DialOutcome> {
    const outcome = this.#page.evaluate(
      ({ id, operationMs }) => globalThis.seat!.dial(id, AbortSignal.timeout(operationMs)).catch(() => 'failed' as const),
      { id, operationMs },
    )
    return within(operationMs + graceMs, outcome).catch(() => 'failed')
  }

  unlink(id: string): Promise<void> {
    return within(
      operationMs,
      this.#page.evaluate((id) => globalThis.seat!.unlink(id), id),
    ).catch(() => undefined)
  }

  /** Bytes of JavaScript objects, after the garbage is collected. */
  async heapBytes(): Promise<number> {
    await this.#session.send('HeapProfiler.collectGarbage')
    const { usedSize } = await this.#session.send('Runtime.getHeapUsage')
    return usedSize
  }

  /** The renderer dies at once: no goodbye, no handler, no closed connection. */
  async crash(): Promise<void> {
    this.#isGone = true
    const crashed = this.#page.waitForEvent('crash')
    // It never answers: whoever would is gone.
    this.#session.send('Page.crash').catch(() => undefined)
    await within(operationMs, crashed)
  }

  #measured(latency: Promise<number>): Promise<Latency> {
    return within(operationMs + graceMs, latency).catch(() => Number.POSITIVE_INFINITY)
  }
}

/** Runs in the page before any of its code. */
function prepare(settings: SeatSettings): void {
  globalThis.seatSettings = settings
  globalThis.marks = {}
  globalThis.connectionsMade = 0
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      globalThis.connectionsMade++
    }
  }
}
