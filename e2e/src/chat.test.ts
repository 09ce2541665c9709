import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestBrowser } from './browser.js'
import { ChatWindow, findDeadlineMs } from './chat-window.js'
import { PageServer } from './page-server.js'
import { ServerProcess } from './server-process.js'
import { until } from './until.js'

/** Messages that are kept of somebody who waits for a word. */
const strangersMessagesMax = 20
/** A sender who gets no receipt tries again after 15 s: the rest has to come long before, over one new line. */
const letInDeadlineMs = 6_000

/** The page is served by a process that lives on when the signalling server's is killed. */
let pages: PageServer
let server: ServerProcess
let browser: TestBrowser
let address: string

beforeAll(async () => {
  pages = await PageServer.ofFolder('apps/chat/dist')
  server = await ServerProcess.start()
  browser = await TestBrowser.launch()
  address = `${pages.address}?signal=${encodeURIComponent(server.address)}`
})
afterEach(() => expect(browser.takeFaults()).toEqual({}))
afterAll(async () => {
  await browser?.close()
  await server?.kill()
  await pages?.stop()
})

/** One word of 35 letters. */
const longName = 'Bundesausbildungsförderungsgesetzin'

/** One story, told in order: each part begins where the one before it ended. */
describe('Ada and Bertil', () => {
  let ada: ChatWindow
  let bertil: ChatWindow
  const lines: string[] = []

  test('start, each with a key and a name of their own', async () => {
    ada = await ChatWindow.open(browser, address)
    expect(await ada.barriers()).toEqual([])
    await ada.picture('first-start')
    await ada.page.locator('input:focus').waitFor()
    await ada.introduce('Ada')
    await ada.page.locator('button.me:focus').waitFor()
    bertil = await ChatWindow.open(browser, address)
    await bertil.introduce('Bertil')
    expect(await ada.myKey()).toMatch(/^[0-9a-f]{64}$/)
    expect(await ada.myKey()).not.toBe(await bertil.myKey())
    await until(
      'they are linked',
      findDeadlineMs,
      () => ada.connectionWords(),
      (words) => words === '1 link, 1 other peer online',
    )
    expect(await ada.barriers()).toEqual([])
    await ada.picture('empty')
  })

  test('Bertil adds Ada by her key, and the table tells her name and where she is', async () => {
    await bertil.add(await ada.myKey())
    await until(
      'the name is found',
      findDeadlineMs,
      () => bertil.heading(),
      (heading) => heading === 'Ada',
    )
    await until(
      'she is there',
      findDeadlineMs,
      () => bertil.presence(),
      (words) => words === 'Online',
    )
    expect(await bertil.barriers()).toEqual([])
  })

  test('his message is a request until she accepts; then they talk, and see what was delivered', async () => {
    await bertil.say('Hello Ada, it is me.')
    await ada.open('Bertil')
    await ada.hears('Hello Ada, it is me.')
    await bertil.sees('Hello Ada, it is me.', 'Delivered')
    expect(await ada.barriers()).toEqual([])
    await ada.picture('request')
    await ada.accept()
    await ada.say('Bertil! You found me in the table.')
    await bertil.hears('Bertil! You found me in the table.')
    await ada.sees('Bertil! You found me in the table.', 'Delivered')
    lines.push('Hello Ada, it is me.', 'Bertil! You found me in the table.')
  })

  test('the signalling server is killed: they talk on', async () => {
    await server.kill()
    expect(await server.answers()).toBe(false)
    await bertil.say('The server is gone. Do you read me?')
    await ada.hears('The server is gone. Do you read me?')
    await ada.say('I do. Nothing goes through it anyway:\nfrom my tab to yours.')
    await bertil.hears('I do. Nothing goes through it anyway:\nfrom my tab to yours.')
    await bertil.sees('The server is gone. Do you read me?', 'Delivered')
    await ada.sees('I do. Nothing goes through it anyway:\nfrom my tab to yours.', 'Delivered')
    lines.push('The server is gone. Do you read me?', 'I do. Nothing goes through it anyway:\nfrom my tab to yours.')
    expect(await ada.barriers()).toEqual([])
    await ada.picture('conversation')
    await server.restart()
  })

  test('Ada reloads: what was said is there, and the conversation goes on', async () => {
    await ada.page.reload()
    await until(
      'what was said is shown again',
      findDeadlineMs,
      async () => (await ada.messages()).map(({ text }) => text),
      (texts) => texts.join() === lines.join(),
    )
    await ada.say('I was away for a moment.')
    await bertil.hears('I was away for a moment.')
    await ada.sees('I was away for a moment.', 'Delivered')
    await bertil.say('I hardly noticed.')
    await ada.hears('I hardly noticed.')
    await bertil.sees('I hardly noticed.', 'Delivered')
  })

  test('a second tab of Ada is another peer and the same Ada: with no server it meets the first, finds Bertil, and both show the same', async () => {
    await server.kill()
    const second = await ChatWindow.open(browser, address, ada.context)
    await second.open('Bertil')
    expect(await second.myKey()).toBe(await ada.myKey())
    expect(await second.messages()).toEqual(await ada.messages())
    await until(
      'it is linked to both',
      findDeadlineMs,
      () => second.connectionWords(),
      (words) => words === '2 links, 2 other peers online',
    )
    await second.say('This is my other tab.')
    await bertil.hears('This is my other tab.')
    await bertil.say('It looks just like you.')
    for (const tab of [ada, second]) {
      await tab.sees('This is my other tab.', 'Delivered')
      await tab.hears('It looks just like you.')
    }
    expect(await second.messages()).toEqual(await ada.messages())
    await second.page.close()
    await server.restart()
  })

  test('what is written to somebody who is away waits, and goes out when they come back', async () => {
    const context = ada.context
    await ada.page.close()
    await until(
      'she is seen to be away',
      findDeadlineMs,
      () => bertil.presence(),
      (words) => words === 'Not online',
    )
    await bertil.say('Read this when you are back.')
    await bertil.sees('Read this when you are back.', 'Waiting')
    await bertil.picture('waiting')
    ada = await ChatWindow.open(browser, address, context)
    await ada.open('Bertil')
    await ada.hears('Read this when you are back.')
    await bertil.sees('Read this when you are back.', 'Delivered')
  })

  test('my key is shown as digits, link and code; the views hold on a phone and in the dark, and keep nobody out', async () => {
    await ada.openMyKey()
    expect(await ada.barriers()).toEqual([])
    await ada.picture('my-key')
    await ada.closeDialog()

    await ada.page.emulateMedia({ colorScheme: 'dark' })
    expect(await ada.barriers()).toEqual([])
    await ada.picture('conversation-dark')

    await bertil.page.setViewportSize({ width: 390, height: 780 })
    await ada.rename(longName)
    await until(
      'her new name is shown',
      findDeadlineMs,
      () => bertil.heading(),
      (heading) => heading === longName,
    )
    expect(await bertil.barriers()).toEqual([])
    await bertil.picture('phone-conversation')
    expect(await bertil.width()).toBe(390)
    await bertil.page.getByRole('button', { name: /^About/ }).click()
    await bertil.page.getByRole('dialog').waitFor()
    expect(await bertil.barriers()).toEqual([])
    await bertil.picture('phone-about')
    expect(await bertil.page.getByRole('dialog').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
    await bertil.closeDialog()
    await bertil.page.getByRole('button', { name: 'Back to the list' }).click()
    expect(await bertil.barriers()).toEqual([])
    await bertil.picture('phone-list')
    await bertil.page.emulateMedia({ colorScheme: 'dark' })
    await bertil.openMyKey()
    expect(await bertil.barriers()).toEqual([])
    await bertil.picture('phone-my-key-dark')
    await bertil.closeDialog()
    expect(await bertil.width()).toBe(390)
  })
})

test('who is blocked is not heard, sees nobody there, and is not told why', async () => {
  const fred = await ChatWindow.open(browser, address)
  await fred.introduce('Fred')
  const gina = await ChatWindow.open(browser, address)
  await gina.introduce('Gina')
  await fred.add(await gina.myKey())
  await fred.say('Buy now!')
  await gina.open('Fred')
  await gina.hears('Buy now!')
  await gina.page.getByRole('button', { name: 'Block…' }).click()
  await gina.page.getByRole('button', { name: 'Keep' }).and(gina.page.locator(':focus')).click()
  await gina.page.getByRole('button', { name: 'Block…' }).and(gina.page.locator(':focus')).click()
  expect(await gina.page.getByRole('group', { name: 'Are you sure?' }).innerText()).toContain('Adding their key again lets them back in')
  expect(await gina.barriers()).toEqual([])
  await gina.picture('block')
  await gina.page.getByRole('button', { name: 'Block', exact: true }).click()
  await gina.listIsFocused()
  await until(
    'nobody is there for him',
    findDeadlineMs,
    () => fred.presence(),
    (words) => words === 'Not online',
  )
  await fred.say('Buy now, I said!')
  await fred.sees('Buy now, I said!', 'Waiting')
  expect(await gina.page.locator('.contact').count()).toBe(0)
  await fred.page.close()
  await gina.page.close()
})

test('who is let in after more messages than a stranger may send is heard with the rest at once', async () => {
  const hanna = await ChatWindow.open(browser, address)
  await hanna.introduce('Hanna')
  const ivar = await ChatWindow.open(browser, address)
  await ivar.introduce('Ivar')
  await hanna.add(await ivar.myKey())
  for (let i = 1; i <= strangersMessagesMax + 2; i++) await hanna.say(`No. ${i}`)
  await ivar.open('Hanna')
  await ivar.hears(`No. ${strangersMessagesMax}`)
  await hanna.sees(`No. ${strangersMessagesMax + 1}`, 'Sent')
  expect(await ivar.messages()).toHaveLength(strangersMessagesMax)
  await ivar.accept()
  await until(
    'the rest is heard',
    letInDeadlineMs,
    async () => (await ivar.messages()).length,
    (count) => count === strangersMessagesMax + 2,
  )
  await hanna.sees(`No. ${strangersMessagesMax + 2}`, 'Delivered')
  await hanna.page.close()
  await ivar.page.close()
})

test('what is no key is told apart, and so is my own', async () => {
  const window = await ChatWindow.open(browser, address)
  await window.introduce('Cecilia')
  const key = await window.myKey()
  await window.page.getByRole('button', { name: 'Add a contact' }).first().click()
  const field = window.page.getByLabel('Their key or link')
  for (const [text, told] of [
    ['', 'Paste a key first'],
    ['hello', 'That is no key'],
    [key.slice(1), 'That is no key'],
    [key, 'That is your own key'],
  ] as const) {
    await field.fill(text)
    await window.page.getByRole('button', { name: 'Add', exact: true }).click()
    expect(await window.page.getByRole('alert').innerText()).toContain(told)
  }
  expect(await window.barriers()).toEqual([])
  await window.picture('wrong-key')
  await window.closeDialog()
})

test('a link to a person opens the window to add them, also on the first visit', async () => {
  const key = '77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548'
  const window = await ChatWindow.open(browser, `${address}#add=${key}`)
  await window.introduce('David')
  expect(await window.page.getByLabel('Their key or link').inputValue()).toBe(key)
  await window.page.getByRole('button', { name: 'Add', exact: true }).click()
  await until(
    'they are on the list, by their key until a name is known',
    findDeadlineMs,
    () => window.heading(),
    (heading) => heading === '77ff 8490',
  )
})

test('a cut link opens the same window, with what is left of it and what to do', async () => {
  const window = await ChatWindow.open(browser, `${address}#add=77ff84905a91936367c0`)
  await window.introduce('Doris')
  expect(await window.page.getByLabel('Their key or link').inputValue()).toBe('77ff84905a91936367c0')
  expect(await window.page.getByRole('alert').innerText()).toContain('no whole key in the link')
  await window.page.keyboard.press('Escape')
  // A browser hides the dialog first and tells the page a task later.
  await window.page.waitForURL((url) => url.hash === '')
  expect(await window.page.getByRole('dialog').count()).toBe(0)
})

test('no server and nobody there: the window says so, and what to do', async () => {
  const window = await ChatWindow.open(browser, `${pages.address}?signal=${encodeURIComponent('ws://127.0.0.1:9/signal')}`)
  await window.introduce('Eva')
  await until(
    'it says so',
    findDeadlineMs,
    () => window.connectionWords(),
    (words) => words === 'No other peer in reach',
  )
  expect(await window.page.getByRole('status').innerText()).toContain('still trying')
  await window.picture('no-server')
})
