import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'

/** What one renderer process has taken so far. */
export interface RendererUse {
  readonly pid: number
  /** Seconds of a processor. */
  readonly cpuS: number
  /** Memory that is its own and in use: on Linux; elsewhere not known. */
  readonly residentBytes: number | undefined
}

/** Every renderer of a browser. Chromium keeps one in reserve, which belongs to no tab yet. */
export async function renderersOf(browser: Browser): Promise<RendererUse[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  return Promise.all(renderers.map(async ({ id, cpuTime }) => ({ pid: id, cpuS: cpuTime, residentBytes: await residentOf(id) })))
}

/** Anonymous memory alone: the browser's own code is shared by all its processes. */
async function residentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}
