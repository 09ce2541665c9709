import type { Sealing } from '@hashtab/core'
import type { Clock } from './ports/clock.js'

/** What is loaded late, and could not be, is tried again this much later. Some browsers remember that it failed until the page is reloaded. */
const lateRetryMs = 5_000

/** Loads a part of the page, and tries until it is there, or all `isOver`. Never rejects. */
export async function loadLate<Part>(
  load: () => Promise<Part>,
  clock: Pick<Clock, 'wake'>,
  isOver: () => boolean,
): Promise<Part | undefined> {
  while (!isOver()) {
    const part = await load().catch(() => undefined)
    if (part !== undefined) return part
    await new Promise<void>((resolve) => clock.wake(lateRetryMs, resolve))
  }
  return undefined
}

/** What seals introductions: loaded beside all else that a page does to join, so that it is there when the first knock is due. Loaded once, however often it is called. */
export async function loadSealing(): Promise<Sealing> {
  return (await import('./sealing.js')).sealing
}
