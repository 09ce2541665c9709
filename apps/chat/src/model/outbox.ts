import type { MessageId } from './message.js'
import type { UserKey } from './user-key.js'

export type OutboxEvent =
  /** A message waits for this contact. `notBeforeMs`: another tab is at it, and has until then. */
  | { readonly type: 'queued'; readonly contact: UserKey; readonly id: MessageId; readonly notBeforeMs?: number }
  /** A line to the contact is open, asked for or not. */
  | { readonly type: 'reached'; readonly contact: UserKey }
  /** One of several lines to them is closed: what was sent on it may be lost. */
  | { readonly type: 'rerouted'; readonly contact: UserKey }
  /** The last line to them is closed. */
  | { readonly type: 'lost'; readonly contact: UserKey }
  /** The search that was ordered found no way to them. */
  | { readonly type: 'notFound'; readonly contact: UserKey }
  /** They were seen in the table: a search is worth its while now. */
  | { readonly type: 'seen'; readonly contact: UserKey }
  | { readonly type: 'delivered'; readonly contact: UserKey; readonly id: MessageId }
  /** Blocked or removed: nothing more goes to them. */
  | { readonly type: 'forgotten'; readonly contact: UserKey }
  | { readonly type: 'woke' }

export type OutboxEffect =
  /** Look for the contact; answered by `reached`, at once where a line is open, or `notFound`. */
  | { readonly type: 'seek'; readonly contact: UserKey }
  | { readonly type: 'send'; readonly contact: UserKey; readonly id: MessageId }
  /** Their lines take messages and answer none: close them. */
  | { readonly type: 'hangUp'; readonly contact: UserKey }

/** A receipt that is not here by then does not come: relays of a slow overlay need two or three seconds. */
export const receiptTimeoutMs = 15_000
/** The wait after a first vain search. It doubles with each, up to the last: somebody who is away for hours costs a lookup a minute. */
export const firstWaitMs = 2_000
export const lastWaitMs = 60_000
/** A search without an answer by then is taken for vain. */
export const seekTimeoutMs = 60_000

type Way = 'none' | 'sought' | 'reached'

interface Letterbox {
  /** When each message may go out, or went out on the line that is open. In the order they were written. */
  readonly waiting: Map<MessageId, { notBeforeMs: number; sentAtMs: number | undefined }>
  way: Way
  vainSearches: number
  /** `none`: no search before. `sought`: the search is vain by then. */
  nextMs: number
}

/**
 * Decides when an undelivered message is sent, and when its contact is looked for.
 * 1. A message goes out once on each line, and again only on the next one.
 * 2. A contact is searched for only while something waits for them, and never twice at once.
 * 3. A message leaves when its receipt comes, or its contact is forgotten.
 * 4. There is a letterbox only for whom something waits: strangers who call leave nothing behind.
 */
export class Outbox {
  readonly #letterboxes = new Map<UserKey, Letterbox>()

  handle(event: OutboxEvent, nowMs: number): OutboxEffect[] {
    this.#note(event, nowMs)
    return this.#decide(nowMs)
  }

  get wakeAtMs(): number | undefined {
    const times = [...this.#letterboxes.values()].map(dueMs)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  #note(event: OutboxEvent, nowMs: number) {
    if (event.type === 'woke') return
    if (event.type === 'forgotten') return void this.#letterboxes.delete(event.contact)
    if (event.type === 'queued') {
      const { waiting } = this.#letterboxOf(event.contact)
      if (!waiting.has(event.id)) waiting.set(event.id, { notBeforeMs: event.notBeforeMs ?? nowMs, sentAtMs: undefined })
      return
    }
    const letterbox = this.#letterboxes.get(event.contact)
    if (!letterbox) return
    switch (event.type) {
      case 'delivered':
        letterbox.waiting.delete(event.id)
        if (letterbox.waiting.size === 0) this.#letterboxes.delete(event.contact)
        return
      case 'reached':
        letterbox.way = 'reached'
        letterbox.vainSearches = 0
        return
      case 'rerouted':
        return sendAgain(letterbox)
      case 'lost':
        if (letterbox.way === 'reached') closeWay(letterbox, nowMs)
        return
      case 'notFound':
        if (letterbox.way === 'sought') closeWay(letterbox, nowMs)
        return
      case 'seen':
        if (letterbox.way === 'none') letterbox.nextMs = nowMs
        return
    }
  }

  #decide(nowMs: number): OutboxEffect[] {
    return [...this.#letterboxes].flatMap(([contact, letterbox]) => {
      if (letterbox.way === 'reached') return sendOn(contact, letterbox, nowMs)
      if (nowMs < dueMs(letterbox)) return []
      if (letterbox.way === 'sought') {
        closeWay(letterbox, nowMs)
        return []
      }
      letterbox.way = 'sought'
      letterbox.nextMs = nowMs + seekTimeoutMs
      return [{ type: 'seek', contact } as const]
    })
  }

  #letterboxOf(contact: UserKey): Letterbox {
    let letterbox = this.#letterboxes.get(contact)
    if (!letterbox) {
      letterbox = { waiting: new Map(), way: 'none', vainSearches: 0, nextMs: 0 }
      this.#letterboxes.set(contact, letterbox)
    }
    return letterbox
  }
}

function sendOn(contact: UserKey, letterbox: Letterbox, nowMs: number): OutboxEffect[] {
  const entries = [...letterbox.waiting]
  if (entries.some(([, { sentAtMs }]) => sentAtMs !== undefined && nowMs >= sentAtMs + receiptTimeoutMs)) {
    closeWay(letterbox, nowMs)
    return [{ type: 'hangUp', contact }]
  }
  return entries
    .filter(([, { sentAtMs, notBeforeMs }]) => sentAtMs === undefined && nowMs >= notBeforeMs)
    .map(([id, entry]) => {
      entry.sentAtMs = nowMs
      return { type: 'send', contact, id }
    })
}

function closeWay(letterbox: Letterbox, nowMs: number) {
  letterbox.way = 'none'
  letterbox.nextMs = nowMs + Math.min(firstWaitMs * 2 ** letterbox.vainSearches, lastWaitMs)
  letterbox.vainSearches += 1
  sendAgain(letterbox)
}

function sendAgain({ waiting }: Letterbox) {
  for (const entry of waiting.values()) entry.sentAtMs = undefined
}

/** When there is something to decide about a letterbox. */
function dueMs({ way, waiting, nextMs }: Letterbox): number {
  const entries = [...waiting.values()]
  if (way === 'reached')
    return Math.min(...entries.map(({ sentAtMs, notBeforeMs }) => (sentAtMs === undefined ? notBeforeMs : sentAtMs + receiptTimeoutMs)))
  if (way === 'sought') return nextMs
  return Math.max(nextMs, Math.min(...entries.map(({ notBeforeMs }) => notBeforeMs)))
}
