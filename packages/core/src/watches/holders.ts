import type { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { closest } from '../keys/nearest.js'
import type { Found } from '../lookups/lookup.js'
import { leaseMaxS, type LeaseId, replicas, type WatchAnswer } from '../wire/message.js'
import { holdersWanted } from './watch-bounds.js'

/** A lease is renewed after this share of it, and up to half as much later: two are never late at once, and there is time for a second try. */
export const renewShare = 0.5
/** A peer that did not answer, has gone or is no replica is not asked for this long, unless it is met again. */
export const leftAloneMs = 30_000
/** A lease that is shorter is none: it would be renewed all the time. */
export const leaseMinS = 30
/** Holders that are full are asked again this often, for what is new and for room, and up to half as much later. */
export const pollEveryMs = leaseMaxS * 1_000
/** When one holder failed the others are asked whether they are there, those not heard for this long. */
export const doubtMs = 5_000
/** Lookups for holders are this far apart: each that led to none doubles it. */
export const seekGapMs = 1_000
export const seekGapMaxMs = 60_000
/** Several links come at once, and tell more of who is close together. */
export const seekSettleMs = 300
/** Peers remembered around a key: its replicas, and as many that may become such. */
export const knownMax = 2 * replicas

/** `heard`: not asked; `asked`: its answer is awaited; `watching`: it holds a lease; `full`: it is polled; `gone`: left alone for a while. */
type HolderState = 'heard' | 'asked' | 'watching' | 'full' | 'gone'

interface Holder {
  readonly contact: Contact
  route: readonly Key[]
  /** Made anew for every lease; what comes under an older one counts for nothing. */
  lease: LeaseId
  state: HolderState
  /** When it was asked last. */
  askedMs: number
  /** When the next thing is due: a renewal, a poll, the end of being left alone. */
  dueMs: number
  /** Until when it pushes, by its own word; 0: it does not. */
  leasedUntilMs: number
  /** Its next answer is to a question that says too much is known: it is to be asked again. */
  askAgain: boolean
}

export type HoldersEvent =
  | { type: 'began' }
  /** A lookup for the key ended with these, who have answered. */
  | { type: 'sought'; closest: readonly Found[] }
  | { type: 'answered'; lease: LeaseId; answer: Extract<WatchAnswer, { type: 'watching' }> }
  | { type: 'silent'; lease: LeaseId }
  /** It goes, and says so. */
  | { type: 'ending'; lease: LeaseId }
  /** It has broken the rules: it sends what does not hold. */
  | { type: 'distrusted'; lease: LeaseId }
  | { type: 'linked'; contact: Contact }
  | { type: 'unlinked'; contact: Contact }
  /** Somebody else wants to know the present state. */
  | { type: 'replay' }
  /** This peer stood still: whoever pushed meanwhile may have given up. At the next `woke` all are asked. */
  | { type: 'resumed' }
  | { type: 'ended' }
  | { type: 'woke' }

export type HoldersEffect =
  /** Ask for a lease, or its renewal; with `leaseS` 0, for its end. */
  { type: 'ask'; to: Contact; route: readonly Key[]; lease: LeaseId; leaseS: number } | { type: 'seek' }

/**
 * The replicas of one watched key, and the leases with the closest of them. Every answer names peers closer still, so leases follow the replicas
 * without further lookups; one is made in the beginning, and when nobody is left to ask.
 * Invariants: 1. leases are held, or asked for, with the `holdersWanted` closest peers that give any; 2. one question at a time to each;
 * 3. while nobody pushes, somebody is polled, or looked for again and again.
 */
export class Holders {
  readonly #target: Key
  readonly #ids: FreshIds
  readonly #known = new Map<string, Holder>()
  #seekDueMs: number | undefined
  #seeking = false
  #soughtMs = -Infinity
  #seekGapMs = seekGapMs

  constructor(target: Key, ids: FreshIds) {
    this.#target = target
    this.#ids = ids
  }

  handle(event: HoldersEvent, nowMs: number): HoldersEffect[] {
    switch (event.type) {
      case 'began':
      case 'woke':
        break
      case 'sought':
        this.#seeking = false
        for (const { contact, route } of event.closest) this.#meet(contact, route)
        break
      case 'answered':
        this.#answered(event, nowMs)
        break
      case 'silent':
      case 'ending':
      case 'distrusted':
        this.#lost(this.#byLease(event.lease), nowMs)
        break
      case 'linked':
        this.#linked(event.contact, nowMs)
        break
      case 'unlinked':
        this.#unlinked(event.contact, nowMs)
        break
      case 'replay':
        this.#askAll(nowMs)
        break
      case 'resumed':
        this.#askAll(nowMs)
        return []
      case 'ended':
        return [...this.#known.values()].filter((holder) => isLeased(holder, nowMs)).map((holder) => this.#end(holder))
    }
    return this.#decide(nowMs)
  }

  get wakeAtMs(): number {
    let earliest = this.#seeking ? Infinity : (this.#seekDueMs ?? Infinity)
    for (const { state, dueMs } of this.#known.values()) if (state === 'watching' || state === 'full') earliest = Math.min(earliest, dueMs)
    return earliest
  }

  /** Whether somebody pushes. */
  isLive(nowMs: number): boolean {
    return [...this.#known.values()].some((holder) => isLeased(holder, nowMs))
  }

  /** Whether a push under this lease, from this peer, is expected. */
  expects(lease: LeaseId, from: Key): boolean {
    return this.#byLease(lease)?.contact.id.equals(from) === true
  }

  has(lease: LeaseId): boolean {
    return this.#byLease(lease) !== undefined
  }

  #byLease(lease: LeaseId): Holder | undefined {
    for (const holder of this.#known.values()) {
      if (holder.lease === lease && (holder.state === 'asked' || holder.state === 'watching' || holder.state === 'full')) return holder
    }
    return undefined
  }

  #answered({ lease, answer }: Extract<HoldersEvent, { type: 'answered' }>, nowMs: number): void {
    const holder = this.#byLease(lease)
    if (holder?.state !== 'asked') return
    const leaseMs = answer.leaseS * 1_000
    const isTaken = answer.verdict === 'taken' && answer.leaseS >= leaseMinS
    holder.leasedUntilMs = isTaken ? nowMs + leaseMs : 0
    if (isTaken || answer.verdict === 'full') {
      holder.state = isTaken ? 'watching' : 'full'
      holder.dueMs = holder.askAgain ? nowMs : nowMs + (isTaken ? leaseMs * renewShare : pollEveryMs) * (1 + this.#ids.share() / 2)
      holder.askAgain = false
      this.#seekGapMs = seekGapMs
    } else {
      this.#leaveAlone(holder, nowMs)
    }
    for (const contact of answer.contacts) this.#hear(contact, [...holder.route, holder.contact.id])
  }

  /** Whoever failed is left alone. What befell a holder may have befallen the others, too. */
  #lost(holder: Holder | undefined, nowMs: number): void {
    if (!holder) return
    const wasHolder = isLeased(holder, nowMs)
    this.#leaveAlone(holder, nowMs)
    if (!wasHolder) return
    this.#seekSoon(nowMs)
    for (const other of this.#known.values()) if (other.state === 'watching' && other.askedMs + doubtMs <= nowMs) other.dueMs = nowMs
  }

  #leaveAlone(holder: Holder, nowMs: number): void {
    holder.state = 'gone'
    holder.leasedUntilMs = 0
    holder.dueMs = nowMs + leftAloneMs
  }

  #askAll(nowMs: number): void {
    for (const holder of this.#known.values()) {
      if (holder.state === 'watching' || holder.state === 'full') holder.dueMs = nowMs
      holder.askAgain = holder.state === 'asked'
    }
  }

  #linked(contact: Contact, nowMs: number): void {
    const serving = this.#serving()
    const last = serving[holdersWanted - 1]
    if (serving.length === 0) {
      this.#seekGapMs = seekGapMs
      this.#seekDueMs = Math.max(nowMs + seekSettleMs, this.#soughtMs + seekGapMs)
    } else if (!last || Key.compare(this.#target, contact.id, last.contact.id) < 0) {
      this.#meet(contact, [])
    }
  }

  #unlinked(contact: Contact, nowMs: number): void {
    this.#lost(
      this.#serving().find((holder) => holder.contact.id.equals(contact.id)),
      nowMs,
    )
    // Of whoever is reached through it the way back is cut.
    for (const holder of this.#known.values()) {
      if (holder.route[0]?.equals(contact.id) !== true) continue
      holder.route = []
      if (holder.state === 'watching') holder.dueMs = nowMs
    }
  }

  /** Somebody who is there for certain. */
  #meet(contact: Contact, route: readonly Key[]): void {
    const known = this.#known.get(contact.id.hex)
    if (known?.state === 'gone') known.state = 'heard'
    if (known) known.route = route
    else this.#hear(contact, route)
  }

  /** Somebody who is said to be there. */
  #hear(contact: Contact, route: readonly Key[]): void {
    const { hex } = contact.id
    if (this.#known.has(hex)) return
    this.#known.set(hex, {
      contact,
      route,
      lease: '',
      state: 'heard',
      askedMs: -Infinity,
      dueMs: Infinity,
      leasedUntilMs: 0,
      askAgain: false,
    })
    if (this.#known.size <= knownMax) return
    const idle = this.#byDistance().filter(({ state }) => state === 'heard' || state === 'gone')
    this.#known.delete(idle.at(-1)!.contact.id.hex)
  }

  #byDistance(): Holder[] {
    return closest(this.#target, this.#known.values(), knownMax + 1, ({ contact }) => contact.id)
  }

  #serving(): Holder[] {
    return this.#byDistance().filter(({ state }) => state === 'asked' || state === 'watching')
  }

  #decide(nowMs: number): HoldersEffect[] {
    for (const [hex, { state, dueMs }] of this.#known) if (state === 'gone' && dueMs <= nowMs) this.#known.delete(hex)
    const effects = this.#askSome(nowMs)
    const serving = this.#serving()
    const isPolled = [...this.#known.values()].some(({ state }) => state === 'full')
    if (serving.length === 0 && !isPolled) this.#seekSoon(nowMs)
    if (serving.length >= holdersWanted) this.#seekDueMs = undefined
    if (this.#seekDueMs !== undefined && this.#seekDueMs <= nowMs && !this.#seeking) {
      this.#seeking = true
      this.#seekDueMs = undefined
      this.#soughtMs = nowMs
      this.#seekGapMs = Math.min(2 * this.#seekGapMs, seekGapMaxMs)
      effects.push({ type: 'seek' })
    }
    return effects
  }

  /** Leases with the closest, as many as are wanted; those beyond are given up once the closer ones have taken theirs. */
  #askSome(nowMs: number): HoldersEffect[] {
    const effects: HoldersEffect[] = []
    const isServed = [...this.#known.values()].filter((holder) => isLeased(holder, nowMs)).length >= holdersWanted
    let chosen = 0
    let taken = 0
    for (const holder of this.#byDistance()) {
      const isDue = (holder.state === 'watching' || holder.state === 'full') && holder.dueMs <= nowMs
      if (holder.state === 'watching' && taken >= holdersWanted) {
        effects.push(this.#end(holder))
        continue
      }
      if (holder.state === 'heard' && chosen >= holdersWanted) continue
      if (isDue && isServed && holder.state === 'full') holder.dueMs = nowMs + pollEveryMs
      else if (isDue || holder.state === 'heard') effects.push(this.#ask(holder, nowMs))
      if (holder.state === 'asked' || holder.state === 'watching') chosen += 1
      if (isLeased(holder, nowMs)) taken += 1
    }
    return effects
  }

  #ask(holder: Holder, nowMs: number): HoldersEffect {
    if (holder.state === 'heard') holder.lease = this.#ids.message()
    holder.state = 'asked'
    holder.askedMs = nowMs
    return { type: 'ask', to: holder.contact, route: holder.route, lease: holder.lease, leaseS: leaseMaxS }
  }

  #end(holder: Holder): HoldersEffect {
    holder.state = 'heard'
    holder.leasedUntilMs = 0
    return { type: 'ask', to: holder.contact, route: holder.route, lease: holder.lease, leaseS: 0 }
  }

  #seekSoon(nowMs: number): void {
    if (!this.#seeking) this.#seekDueMs ??= Math.max(nowMs, this.#soughtMs + this.#seekGapMs)
  }
}

function isLeased({ state, leasedUntilMs }: Holder, nowMs: number): boolean {
  return (state === 'watching' || state === 'asked') && leasedUntilMs > nowMs
}
