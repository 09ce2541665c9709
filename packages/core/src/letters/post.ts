import type { FreshIds } from '../fresh-ids.js'
import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { OperationId } from '../lookups/operations.js'
import type { Carriage, Greeting, Introduction, LetterBody } from '../wire/letter.js'
import type { MessageId } from '../wire/message.js'
import type { Correspondence, CorrespondenceEffect, CorrespondenceEvent, NewCorrespondence } from './correspondence.js'

/** Introductions under way whose fate is remembered, */
export const lettersMax = 256
/** and for so long: whoever cannot pass a letter on says so within seconds. */
export const letterFateMs = 30_000
/** What needs the correspondence waits so long for it: a page loads some 20 KB in it. */
export const correspondenceWaitMs = 10_000
/** Of that, so much waits: the oldest is given up then. */
export const earlyMax = 64

export type PostEvent =
  | Exclude<CorrespondenceEvent, { type: 'letter' }>
  /** It came as a letter. `back`: how an answer goes back to the writer. */
  | { type: 'letter'; from: Contact; body: LetterBody; back: Carriage }
  | { type: 'introduction'; to: Key; body: Introduction; carriage: Carriage }
  | { type: 'late'; newCorrespondence: NewCorrespondence }

export type PostEffect =
  | Exclude<CorrespondenceEffect, { type: 'seal' }>
  | { type: 'seal'; id: MessageId; to: Key; body: LetterBody; carriage: Carriage }
  | { type: 'introduction'; from: Contact; body: Introduction; back: Carriage }
  | { type: 'introductionUndeliverable'; to: Key }

/** What waits: calls of the app, and what others say. */
type Early = Extract<CorrespondenceEvent, { type: 'mail' | 'connect' | 'spoken' | 'letter' }>

/**
 * Carries letters. Introductions are always signed letters, for the link they replace may be dead; the rest is what apps say to each other, and sees to itself (`Correspondence`).
 * A page may have that some time after it has begun: until then, what needs it waits, and is done or given up.
 */
export class Post {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  /** To whom each was written, and when: the oldest first. */
  readonly #introductions = new LateMap<MessageId, { readonly to: Key; readonly sentMs: number }>()
  #correspondence: Correspondence | undefined
  /** In the order in which they came. */
  #early: { readonly event: Early; readonly untilMs: number }[] = []

  constructor(table: RoutingTable, ids: FreshIds, newCorrespondence: NewCorrespondence | undefined) {
    this.#table = table
    this.#ids = ids
    this.#correspondence = newCorrespondence?.(table, ids)
  }

  handle(event: PostEvent, nowMs: number, unixS: number): PostEffect[] {
    switch (event.type) {
      case 'introduction': {
        const id = this.#ids.message()
        this.#introductions.set(id, { to: event.to, sentMs: nowMs })
        for (const [oldest, { sentMs }] of this.#introductions) {
          if (this.#introductions.size <= lettersMax && nowMs - sentMs < letterFateMs) break
          this.#introductions.delete(oldest)
        }
        return [{ type: 'seal', id, to: event.to, body: event.body, carriage: event.carriage }]
      }
      case 'letter': {
        const { from, body, back } = event
        if (isIntroduction(body)) return [{ type: 'introduction', from, body, back }]
        // What apps say is not written where everybody on the way could read it, and again by whoever kept it.
        return isGreeting(body) ? this.#correspond({ type: 'letter', from, body, back }, nowMs, unixS) : [{ type: 'dropped' }]
      }
      case 'undeliverable': {
        const to = this.#introductions.get(event.letter)?.to
        this.#introductions.delete(event.letter)
        return to ? [{ type: 'introductionUndeliverable', to }] : this.#correspond(event, nowMs, unixS)
      }
      case 'late': {
        const correspondence = (this.#correspondence ??= event.newCorrespondence(this.#table, this.#ids))
        return this.#early.splice(0).flatMap((early) => correspondence.handle(early.event, nowMs, unixS))
      }
      default:
        return this.#correspond(event, nowMs, unixS)
    }
  }

  /** Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    return this.#correspondence?.wakeAtMs ?? this.#early[0]?.untilMs ?? Infinity
  }

  #correspond(event: CorrespondenceEvent, nowMs: number, unixS: number): PostEffect[] {
    if (this.#correspondence) return this.#correspondence.handle(event, nowMs, unixS)
    switch (event.type) {
      case 'mail':
      case 'connect':
      case 'spoken':
      case 'letter':
        this.#early.push({ event, untilMs: nowMs + correspondenceWaitMs })
        return this.#giveUp(this.#early.length - earlyMax)
      case 'woke':
        return this.#giveUp(this.#early.filter(({ untilMs }) => untilMs <= nowMs).length)
      case 'cancel':
        this.#early = this.#early.filter((early) => operationOf(early.event) !== event.operation)
        return []
      case 'secret':
        return [{ type: 'dispatch', to: event.from, route: event.back, payload: { type: 'forgotten', session: event.secret.session } }]
      default:
        return []
    }
  }

  #giveUp(count: number): PostEffect[] {
    return this.#early.splice(0, Math.max(0, count)).flatMap(({ event }): PostEffect[] => {
      if (event.type === 'mail') return [{ type: 'finish', operation: event.operation, outcome: { type: 'mailed', received: false } }]
      if (event.type === 'connect') return [{ type: 'finish', operation: event.operation, outcome: { type: 'notConnected' } }]
      return []
    })
  }
}

function operationOf(event: Early): OperationId | undefined {
  return event.type === 'mail' || event.type === 'connect' ? event.operation : undefined
}

function isGreeting(body: LetterBody): body is Greeting {
  return body.type === 'greeting' || body.type === 'greeted'
}

function isIntroduction(body: LetterBody): body is Introduction {
  switch (body.type) {
    case 'knock':
    case 'offer':
    case 'answer':
    case 'candidates':
    case 'refusal':
      return true
    default:
      return false
  }
}
