import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { TestBrowser } from './browser.js'
import { ChatWindow } from './chat-window.js'
import { PageServer } from './page-server.js'
import { until } from './until.js'

/** Drawing, and telling the page what changed, takes far less. */
const drawnWithinMs = 5_000
const keys = ['77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548', 'a'.repeat(64)] as const
const messageCharactersMax = 4_000
/** Nobody answers there: what a window does by itself needs nobody. */
const signal = `?signal=${encodeURIComponent('ws://127.0.0.1:9/signal')}`

let pages: PageServer
let browser: TestBrowser
let window: ChatWindow

beforeAll(async () => {
  pages = await PageServer.ofFolder('apps/chat/dist')
  browser = await TestBrowser.launch()
})
beforeEach(async () => {
  window = await ChatWindow.open(browser, pages.address + signal)
  await window.introduce('Jo')
})
afterEach(async () => {
  await window.page.close()
  expect(browser.takeFaults()).toEqual({})
})
afterAll(async () => {
  await browser?.close()
  await pages?.stop()
})

test('what was begun to one contact is there again after a look at another, and gone with the contact', async () => {
  for (const key of keys) await window.add(key)
  await window.field.fill('For the second')
  await window.open('77ff 8490')
  await fieldHas('')
  await window.field.fill('For the first')
  await window.open('aaaa aaaa')
  await fieldHas('For the second')
  await window.open('77ff 8490')
  await fieldHas('For the first')
  await window.say('For the first, at last')
  await window.open('aaaa aaaa')
  await window.open('77ff 8490')
  await fieldHas('')

  await window.open('aaaa aaaa')
  await window.page.getByRole('button', { name: /^About/ }).click()
  await window.page.getByRole('button', { name: 'Remove…' }).click()
  await window.page.getByRole('button', { name: /^Remove, and/ }).click()
  await window.listIsFocused()
  expect(await window.page.getByRole('dialog').count()).toBe(0)
  await window.add(keys[1])
  await fieldHas('')
})

test('a paste that is too long stays whole, is counted, and is not sent before it is shorter', async () => {
  await window.add(keys[0])
  const send = window.page.getByRole('button', { name: 'Send' })
  await window.say('x'.repeat(messageCharactersMax + 12))
  await fieldHas('x'.repeat(messageCharactersMax + 12))
  await hintSays('-12 characters')
  expect(await window.page.locator('.composer-hint.is-wrong').count()).toBe(1)
  expect(await send.isDisabled()).toBe(true)
  expect(await window.messages()).toEqual([])
  expect(await window.barriers()).toEqual([])
  await window.picture('too-long')
  await window.field.fill('x'.repeat(messageCharactersMax))
  await hintSays('0 characters left')
  await send.click()
  await until(
    'the message',
    drawnWithinMs,
    () => window.messages(),
    ([one]) => one?.text.length === messageCharactersMax,
  )
})

test('a log that becomes smaller keeps its end in sight, or the place that was scrolled to', async () => {
  await window.page.setViewportSize({ width: 390, height: 780 })
  await window.add(keys[0])
  for (let i = 1; i <= 30; i++) await window.say(`No. ${i}`)
  const log = window.page.getByRole('log')
  const place = () =>
    log.evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({ top: scrollTop, below: scrollHeight - scrollTop - clientHeight }))
  const isAtEnd = ({ top, below }: Awaited<ReturnType<typeof place>>) => top > 0 && below < 2
  await until('its end is in sight', drawnWithinMs, place, isAtEnd)
  // As a keyboard does that comes up.
  await window.page.setViewportSize({ width: 390, height: 480 })
  await until('its end is in sight above the keyboard', drawnWithinMs, place, isAtEnd)
  await window.field.fill('A draft\nof\nfour\nlines')
  await until('its end is in sight above a tall draft', drawnWithinMs, place, isAtEnd)

  await log.evaluate((element) => element.scrollTo(0, 50))
  await until('the reader has scrolled up', drawnWithinMs, place, ({ top }) => top === 50)
  await window.page.setViewportSize({ width: 390, height: 400 })
  await window.field.fill('A draft')
  // What a change of size leads to has happened with the second frame.
  await window.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  expect(await place()).toMatchObject({ top: 50 })
})

test('the address of a conversation with somebody unknown leads to the window to add them', async () => {
  await window.page.goto(`${pages.address}${signal}#with=${keys[0]}`)
  const field = window.page.getByLabel('Their key or link')
  expect(await field.inputValue()).toBe(keys[0])
  await window.page.getByRole('button', { name: 'Add', exact: true }).click()
  await until(
    'they are on the list',
    drawnWithinMs,
    () => window.heading(),
    (heading) => heading === '77ff 8490',
  )
  await window.page.reload()
  expect(await window.heading()).toBe('77ff 8490')
})

test('the code to scan is shown where another device can open what it says, and not on localhost', async () => {
  const code = (shown: ChatWindow) => shown.page.getByRole('img', { name: 'A code with the link that adds you' })
  expect(await window.page.getByRole('main').innerText()).not.toContain('scan')
  await window.openMyKey()
  await window.page.getByRole('dialog').locator('.key-text').waitFor()
  expect(await code(window).count()).toBe(0)
  await window.closeDialog()

  const elsewhere = 'https://chat.example.org/'
  const context = await browser.newContext()
  await context.route(`${elsewhere}**`, async (route) =>
    route.fulfill({ response: await route.fetch({ url: route.request().url().replace(elsewhere, pages.address) }) }),
  )
  const served = await ChatWindow.open(browser, elsewhere + signal, context)
  await served.introduce('Kim')
  await until(
    'what to do with the code',
    drawnWithinMs,
    () => served.page.getByRole('main').innerText(),
    (text) => text.includes('scan'),
  )
  await served.openMyKey()
  await code(served).waitFor()
  expect(await served.barriers()).toEqual([])
  await served.page.close()
})

function fieldHas(text: string): Promise<unknown> {
  return until(
    'the draft',
    drawnWithinMs,
    () => window.field.inputValue(),
    (value) => value === text,
  )
}

function hintSays(words: string): Promise<unknown> {
  return until(
    'the hint',
    drawnWithinMs,
    () => window.page.locator('.composer-hint').allInnerTexts(),
    (texts) => texts.some((text) => text.includes(words)),
  )
}
