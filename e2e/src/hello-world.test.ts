import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestBrowser } from './browser.js'
import { PageServer } from './page-server.js'
import { ServerProcess } from './server-process.js'
import { until } from './until.js'

const exampleOf = (path: string) => /^```ts\n(.*?)^```/ms.exec(readFileSync(new URL(path, import.meta.url), 'utf8'))![1]!
const example = exampleOf('../../README.md')

let browser: TestBrowser
let server: ServerProcess
let pages: PageServer

beforeAll(async () => {
  ;[browser, server] = await Promise.all([TestBrowser.launch(), ServerProcess.start()])
  pages = await PageServer.ofApp(example.replace('ws://localhost:8080/signal', server.address))
})
afterAll(async () => {
  await browser?.close()
  await server?.kill()
  await pages?.stop()
})

test('is the same in both READMEs', () => expect(exampleOf('../../packages/hashtab/README.md')).toBe(example))

test('runs in a plain Vite app without any configuration', async () => {
  const printed = await Promise.all(
    [1, 2].map(async () => {
      const lines: string[] = []
      const tab = await browser.openTab('about:blank')
      tab.page.on('console', (message) => lines.push(message.text()))
      await tab.page.goto(pages.address)
      return lines
    }),
  )
  await until(
    'both pages have printed who they are',
    30_000,
    () => Promise.resolve(printed),
    (seen) => seen.every((lines) => lines.some((line) => /^I am [0-9a-f]{40}, one of about 2$/.test(line))),
  )
  for (const lines of printed) expect(lines.some((line) => /^[0-9a-f]{64} says world$/.test(line))).toBe(true)
  expect(browser.takeFaults()).toEqual({})
})
