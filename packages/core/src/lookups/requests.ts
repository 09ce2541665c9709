import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import type { Answer, MessageId, Question } from '../wire/message.js'
import { RoundTrips } from './round-trips.js'

/** Questions that wait for an answer at one time: beyond this a background question is given up as silent, or what comes: but pings find room, of which there is one a link. */
export const requestsMax = 512

/** One question on its way. `asker` is whoever wants the answer, and is handed back with it. */
interface Pending<Asker> {
  readonly id: MessageId
  readonly to: Key
  readonly route: readonly Key[]
  readonly question: Question
  readonly asker: Asker
  readonly askedMs: number
  /** When it counts as late; undefined: it was told to be. */
  readonly lateAtMs: number | undefined
  readonly deadlineMs: number
  readonly triesLeft: number
  readonly background: boolean
}

export type RequestsEvent<Asker> =
  /** Ask `to`, over `route`, at most `tries` times. `id` is fresh. `background`: it gives way where there is no room. */
  | { type: 'ask'; id: MessageId; to: Key; route: readonly Key[]; question: Question; asker: Asker; tries: number; background: boolean }
  | { type: 'answered'; id: MessageId; from: Key; answer: Answer }
  /** A relay, or our own table, could not pass the question on. */
  | { type: 'undeliverable'; id: MessageId }
  | { type: 'linkLost'; to: Key }
  | { type: 'woke' }

export type RequestsEffect<Asker> =
  | { type: 'send'; id: MessageId; to: Key; route: readonly Key[]; question: Question }
  | { type: 'answered'; asker: Asker; to: Key; route: readonly Key[]; answer: Answer; rttMs: number }
  /** No answer yet, later than is usual: it may still come. Told once. */
  | { type: 'late'; asker: Asker; to: Key }
  | { type: 'silent'; asker: Asker; to: Key; route: readonly Key[]; reason: 'timedOut' | 'undeliverable' | 'crowdedOut' }
  /** Nobody waits for this answer: late, doubled, unasked, or from somebody else. */
  | { type: 'unasked' }

/**
 * Questions and their answers. Time-outs adapt to the round trips seen (`RoundTrips`).
 * Invariants: 1. every question ends exactly once, answered or silent; 2. an answer counts only from the peer that was asked;
 * 3. at most `requestsMax` wait, and a background question never drives out another; 4. a retry is the same question under the same id: the other end may get it twice.
 */
export class Requests<Asker> {
  readonly #pending = new LateMap<MessageId, Pending<Asker>>()
  readonly #roundTrips = new RoundTrips()

  handle(event: RequestsEvent<Asker>, nowMs: number): RequestsEffect<Asker>[] {
    switch (event.type) {
      case 'ask':
        return this.#ask(event, nowMs)
      case 'answered':
        return this.#answered(event, nowMs)
      case 'undeliverable': {
        const pending = this.#pending.get(event.id)
        return pending ? [this.#giveUp(pending, 'undeliverable')] : []
      }
      case 'linkLost':
        return [...this.#pending.values()]
          .filter((pending) => pending.route.length === 0 && pending.to.equals(event.to))
          .map((pending) => this.#giveUp(pending, 'undeliverable'))
      case 'woke':
        return [...this.#late(nowMs), ...this.#due(nowMs).map((pending) => this.#timedOut(pending, nowMs))]
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    for (const { lateAtMs, deadlineMs } of this.#pending.values()) {
      const dueMs = lateAtMs ?? deadlineMs
      if (earliest === undefined || dueMs < earliest) earliest = dueMs
    }
    return earliest
  }

  #ask(event: Extract<RequestsEvent<Asker>, { type: 'ask' }>, nowMs: number): RequestsEffect<Asker>[] {
    const { id, to, route, question, asker, tries, background } = event
    const effects: RequestsEffect<Asker>[] = []
    if (this.#pending.size >= requestsMax) {
      const leastWanted = this.#leastWantedBut(event)
      if (!leastWanted) return [{ type: 'silent', asker, to, route, reason: 'crowdedOut' }]
      effects.push(this.#giveUp(leastWanted, 'crowdedOut'))
    }
    const lateAtMs = nowMs + this.#roundTrips.lateMs(route.length + 1)
    const deadlineMs = nowMs + this.#roundTrips.timeoutMs(route.length + 1)
    this.#pending.set(id, { id, to, route, question, asker, askedMs: nowMs, lateAtMs, deadlineMs, triesLeft: tries - 1, background })
    effects.push({ type: 'send', id, to, route, question })
    return effects
  }

  /** What gives way to it: something that nobody waits for; and to a ping anything else, for whoever is not asked for a sign of life would be taken for dead. */
  #leastWantedBut({ question, background }: Extract<RequestsEvent<Asker>, { type: 'ask' }>): Pending<Asker> | undefined {
    if (background) return undefined
    const others = [...this.#pending.values()].filter((one) => one.question.type !== 'ping')
    return others.find((one) => one.background) ?? (question.type === 'ping' ? others[0] : undefined)
  }

  #answered(event: Extract<RequestsEvent<Asker>, { type: 'answered' }>, nowMs: number): RequestsEffect<Asker>[] {
    const pending = this.#pending.get(event.id)
    if (!pending || !pending.to.equals(event.from) || !fits(pending.question, event.answer)) return [{ type: 'unasked' }]
    this.#pending.delete(event.id)
    const rttMs = nowMs - pending.askedMs
    this.#roundTrips.note(rttMs, pending.route.length + 1)
    return [{ type: 'answered', asker: pending.asker, to: pending.to, route: pending.route, answer: event.answer, rttMs }]
  }

  #due(nowMs: number): Pending<Asker>[] {
    return [...this.#pending.values()].filter(({ deadlineMs }) => deadlineMs <= nowMs)
  }

  #late(nowMs: number): RequestsEffect<Asker>[] {
    const late = [...this.#pending.values()].filter(
      ({ lateAtMs, deadlineMs }) => lateAtMs !== undefined && lateAtMs <= nowMs && deadlineMs > nowMs,
    )
    for (const pending of late) this.#pending.set(pending.id, { ...pending, lateAtMs: undefined })
    return late.map(({ asker, to }) => ({ type: 'late', asker, to }))
  }

  #timedOut(pending: Pending<Asker>, nowMs: number): RequestsEffect<Asker> {
    if (pending.triesLeft <= 0) return this.#giveUp(pending, 'timedOut')
    const waitedMs = pending.deadlineMs - pending.askedMs
    this.#pending.set(pending.id, { ...pending, lateAtMs: undefined, triesLeft: pending.triesLeft - 1, deadlineMs: nowMs + 2 * waitedMs })
    return { type: 'send', id: pending.id, to: pending.to, route: pending.route, question: pending.question }
  }

  #giveUp(pending: Pending<Asker>, reason: 'timedOut' | 'undeliverable' | 'crowdedOut'): RequestsEffect<Asker> {
    this.#pending.delete(pending.id)
    return { type: 'silent', asker: pending.asker, to: pending.to, route: pending.route, reason }
  }
}

function fits(question: Question, answer: Answer): boolean {
  switch (question.type) {
    case 'ping':
      return answer.type === 'pong'
    case 'find':
      return answer.type === 'found'
    case 'store':
      return answer.type === 'receipt'
    case 'compare':
      return answer.type === 'compared'
    case 'watch':
      return answer.type === 'watching'
    case 'changed':
      return answer.type === 'heard'
  }
}
