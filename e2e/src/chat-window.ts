import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import type { TestBrowser } from './browser.js'
import { until } from './until.js'

/** What is shown of one message. `state` is of mine only. */
export interface ShownMessage {
  readonly from: string
  readonly text: string
  readonly state: string
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
/** A person's tab finds another's, and a message arrives, within this time: a lookup, a dial, and a round of looking. */
export const findDeadlineMs = 30_000

/** One tab with the chat in it, used as a person uses it: by what is written on the screen. */
export class ChatWindow {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** A tab of somebody new, or another tab of somebody whose context is given. */
  static async open(browser: TestBrowser, address: string, context?: BrowserContext): Promise<ChatWindow> {
    const { page } = await browser.openTab(address, context)
    return new ChatWindow(page)
  }

  get context(): BrowserContext {
    return this.page.context()
  }

  /** First start: says who one is. */
  async introduce(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name)
    await this.page.getByRole('button', { name: 'Start' }).click()
  }

  /** My key, as the window of that name shows it: 64 hex digits. */
  async myKey(): Promise<string> {
    await this.openMyKey()
    const shown = await this.page.getByRole('dialog').locator('.key-text').innerText()
    await this.closeDialog()
    return shown.replace(/\s/g, '')
  }

  async openMyKey(): Promise<void> {
    await this.page.getByRole('button', { name: /show my key and name/ }).click()
    await this.page.getByRole('dialog').waitFor()
  }

  async closeDialog(): Promise<void> {
    await this.page.keyboard.press('Escape')
    await this.page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  async rename(name: string): Promise<void> {
    await this.openMyKey()
    await this.page.getByLabel('Your name').fill(name)
    await this.page.getByRole('button', { name: 'Save' }).click()
    await this.page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  /** Adds somebody by key or link. Their conversation is open then. */
  async add(keyOrLink: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Add a contact' }).first().click()
    await this.page.getByLabel('Their key or link').fill(keyOrLink)
    await this.page.getByRole('button', { name: 'Add', exact: true }).click()
    await this.page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  /** Opens the conversation of the one of that name, once the name is on the list. */
  async open(name: string): Promise<void> {
    await this.page
      .getByRole('button', { name: new RegExp(name) })
      .and(this.page.locator('.contact'))
      .click({ timeout: findDeadlineMs })
  }

  async accept(): Promise<void> {
    await this.page.getByRole('button', { name: 'Accept' }).click()
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text)
    await this.page.keyboard.press('Enter')
  }

  /** Where a message is written. */
  get field(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to/ })
  }

  /** Waits until the list of people has the focus. */
  async listIsFocused(): Promise<void> {
    await this.page.locator('nav:focus').waitFor()
  }

  /** The heading of the open conversation. */
  heading(): Promise<string> {
    return this.page.getByRole('main').getByRole('heading', { level: 1 }).innerText()
  }

  /** Whether they are there, as the head of the open conversation says. */
  presence(): Promise<string> {
    return this.page.locator('.conversation-presence').innerText()
  }

  messages(): Promise<ShownMessage[]> {
    return this.page.locator('.message').evaluateAll((items) =>
      items.map((item) => ({
        from: (item as HTMLElement).dataset['from'] ?? '',
        text: item.querySelector('.bubble-text')?.textContent ?? '',
        state: item.querySelector('[role=img]')?.getAttribute('aria-label') ?? '',
      })),
    )
  }

  connectionWords(): Promise<string> {
    return this.page.getByRole('status').locator('.connection-words').innerText()
  }

  /** Waits until a text of the other's is shown. */
  async hears(text: string): Promise<void> {
    await until(
      `"${text}" is heard`,
      findDeadlineMs,
      () => this.messages(),
      (shown) => shown.some((message) => message.from === 'them' && message.text === text),
    )
  }

  /** Waits until a text of mine bears the mark that it was delivered. */
  async sees(text: string, state: 'Waiting' | 'Sent' | 'Delivered'): Promise<void> {
    await until(
      `"${text}" is marked ${state}`,
      findDeadlineMs,
      () => this.messages(),
      (shown) => shown.some((message) => message.text === text && message.state === state),
    )
  }

  /** What axe-core finds in this view that keeps somebody out: its serious and critical findings. */
  async barriers(): Promise<string[]> {
    if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.addScriptTag({ path: axe })
    // What is still fading in has no contrast yet.
    await this.page.evaluate(async () => {
      // What was just changed begins to fade in with the next frame.
      const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
      for (await drawn(); document.getAnimations().length > 0; await drawn()) {
        await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
      }
    })
    const findings = await this.page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run())
    return findings.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`)
  }

  /** How wide the page is drawn (CSS px): more than its window where something sticks out. */
  width(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth)
  }

  /** Keeps a picture for people to look at. */
  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: fileURLToPath(new URL(`../screenshots/${name}.png`, import.meta.url)), animations: 'disabled' })
  }
}

interface AxeResults {
  readonly violations: readonly { id: string; impact: string; help: string; nodes: readonly { html: string }[] }[]
}
