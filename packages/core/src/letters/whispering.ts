import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { NewSessions, Sessions, SessionsEffect, SessionsEvent } from './sessions.js'

/** What is written, and greetings that came, wait this long for what sessions are made with: a page loads 20 KB in it. */
export const sessionsWaitMs = 10_000
/** Of them, so many wait: one window of a channel, and a few greetings. */
export const earlyMax = 32

export type WhisperingEvent = SessionsEvent | { type: 'late'; newSessions: NewSessions }

interface Early {
  readonly event: Extract<SessionsEvent, { type: 'write' | 'letter' }>
  readonly untilMs: number
}

/** `Sessions`, once the page has loaded what they are made with, which is not before it has begun. Until then, what needs them waits, and is done or undeliverable. */
export class Whispering {
  readonly #self: Key
  readonly #ids: FreshIds
  #sessions: Sessions | undefined
  /** In the order in which they came. */
  #early: Early[] = []

  constructor(self: Key, ids: FreshIds, newSessions: NewSessions | undefined) {
    this.#self = self
    this.#ids = ids
    this.#sessions = newSessions?.(self, ids)
  }

  handle(event: WhisperingEvent, nowMs: number, unixS: number): SessionsEffect[] {
    if (event.type === 'late') return this.#begin(event.newSessions, nowMs, unixS)
    if (this.#sessions) return this.#sessions.handle(event, nowMs, unixS)
    switch (event.type) {
      case 'write':
      case 'letter': {
        this.#early.push({ event, untilMs: nowMs + sessionsWaitMs })
        return this.#early.length > earlyMax ? givenUp(this.#early.splice(0, 1)) : []
      }
      case 'secret':
        return [{ type: 'dispatch', to: event.from, route: event.back, payload: { type: 'forgotten', session: event.secret.session } }]
      case 'forgotten':
      case 'undeliverable':
        return []
      case 'woke': {
        const late = this.#early.filter(({ untilMs }) => untilMs <= nowMs)
        this.#early = this.#early.filter(({ untilMs }) => untilMs > nowMs)
        return givenUp(late)
      }
    }
  }

  get wakeAtMs(): number | undefined {
    return this.#sessions ? this.#sessions.wakeAtMs : this.#early[0]?.untilMs
  }

  #begin(newSessions: NewSessions, nowMs: number, unixS: number): SessionsEffect[] {
    const sessions = (this.#sessions ??= newSessions(this.#self, this.#ids))
    return this.#early.splice(0).flatMap(({ event }) => sessions.handle(event, nowMs, unixS))
  }
}

function givenUp(early: readonly Early[]): SessionsEffect[] {
  return early.flatMap(({ event }) => (event.type === 'write' ? [{ type: 'undeliverable', letter: event.id } as const] : []))
}
