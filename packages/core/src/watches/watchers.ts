import type { Key } from '../keys/key.js'
import { type Record, recordId } from '../records/record.js'
import { recordVersion, versionsDigest } from '../records/record-version.js'
import { recordsThatFit } from '../records/records-that-fit.js'
import { TokenBucket } from '../token-bucket.js'
import { leaseMaxS, type LeaseId, type Watchable, type WatchQuestion, type WatchVerdict } from '../wire/message.js'

/** Leases held at one time: half a kilobyte each. */
export const leasesMax = 1_024
/** Leases of one key: with eight replicas and three leases each, some 340 watchers of it are pushed to, and the others poll. */
export const leasesPerKeyMax = 128
/** Of them, those that came over one link: watchers are as many as it says. */
export const leasesPerKeyAndLinkMax = 64
/** Leases that came over one link: far peers subscribe through few, and one that is flooded leaves room for the others. */
export const leasesPerLinkMax = 512
/** Between two pushes of one lease: what changes meanwhile goes together, the latest of each record. */
export const pushGapMs = 100
/** Pushes at once, and a second after that: 1 KB each, a tab has an uplink to share. Who waits for one gets the latest then. */
export const pushBurst = 256
export const pushesPerSecond = 128
/** Pushes that wait for an answer at one time: they leave room for what the app asks. */
export const pushesUnderWayMax = 64
/** A push that was not heard is tried again this much later, with what is new by then. */
export const pushRetryMs = 2_000
/** The watcher of so many pushes in a row that were not heard is gone. */
export const unheardMax = 3
/** Watchers that are told of a peer's leaving: what gets out before its links end. */
export const farewellsMax = 256

interface Lease {
  readonly name: string
  readonly lease: LeaseId
  readonly watcher: Key
  /** The way its question came, backwards. */
  readonly route: readonly Key[]
  /** The peer whose link it came over. */
  readonly via: string
  readonly target: Key
  readonly want: Watchable
  readonly untilMs: number
  /** Records that are new to the watcher, by id. */
  readonly fresh: Set<string>
  /** What is on its way to it; undefined: nothing. */
  underWay: readonly string[] | undefined
  /** Before this nothing more is pushed. */
  readyAtMs: number
  unheard: number
}

/** A wish to watch, as it came in an envelope. */
export interface WatchWish {
  readonly question: Extract<WatchQuestion, { type: 'watch' }>
  readonly watcher: Key
  readonly route: readonly Key[]
  /** The peer whose link it came over. */
  readonly via: Key
  /** Whether this peer takes itself for a replica of the key. */
  readonly isReplica: boolean
}

export type WatchersEvent =
  /** A record is kept here that was not, or in a later version. */
  | { type: 'kept'; record: Record }
  /** A push was answered. `watching`: the lease is still wanted. */
  | { type: 'heard'; name: string; watching: boolean }
  | { type: 'unheard'; name: string }
  | { type: 'leaving' }
  | { type: 'woke' }

export interface WatchersEffect {
  readonly type: 'push'
  readonly name: string
  readonly to: Key
  readonly route: readonly Key[]
  readonly question: Extract<WatchQuestion, { type: 'changed' }>
}

/** The records kept here: lent by whoever keeps them. */
export interface WatchersHost {
  here(target: Key, want: Watchable): readonly Record[]
  kept(id: string): Record | undefined
}

/**
 * The holder's side: who watches which key, until when, and what they have not been told yet.
 * Invariants: 1. at most `leasesMax` leases, `leasesPerKeyMax` of a key, `leasesPerLinkMax` over a link, `leasesPerKeyAndLinkMax` of a key over a link: a lease that is there is always renewed;
 * 2. one push of a lease under way at a time, so that nothing overtakes; 3. what was not heard is pushed again, until it is or the lease ends.
 */
export class Watchers {
  readonly #host: WatchersHost
  readonly #leases = new Map<string, Lease>()
  readonly #budget: TokenBucket
  /** When the budget allows the next push, if it was spent. */
  #budgetAtMs = -Infinity

  constructor(host: WatchersHost, nowMs: number) {
    this.#host = host
    this.#budget = new TokenBucket(pushBurst, pushesPerSecond / 1_000, nowMs)
  }

  /** Takes a wish to watch, if there is room. The records of the answer are the present state; what does not fit is pushed after it. */
  take(wish: WatchWish, nowMs: number): { verdict: WatchVerdict; leaseS: number; records: readonly Record[] } {
    const { question, watcher } = wish
    this.#dropExpired(nowMs)
    // Whose wish it is, anybody can say. Its lease only the watcher and those on the way know, so nobody else takes its place.
    const name = `${watcher.hex} ${question.want} ${question.target.hex} ${question.lease}`
    const before = this.#leases.get(name)
    if (question.leaseS === 0) {
      this.#leases.delete(name)
      return { verdict: 'ended', leaseS: 0, records: [] }
    }
    if (!wish.isReplica) {
      this.#leases.delete(name)
      return { verdict: 'elsewhere', leaseS: 0, records: [] }
    }
    const news = this.#newsFor(question)
    const records = recordsThatFit(news)
    if (!before && !this.#hasRoom(wish)) return { verdict: 'full', leaseS: leaseMaxS, records }
    this.#leases.set(name, this.#lease(name, wish, before, news.slice(records.length).map(recordId), nowMs))
    return { verdict: 'taken', leaseS: question.leaseS, records }
  }

  handle(event: WatchersEvent, nowMs: number): WatchersEffect[] {
    switch (event.type) {
      case 'kept': {
        const { record } = event
        for (const { target, want, fresh } of this.#leases.values())
          if (want === record.kind && target.equals(record.key)) fresh.add(recordId(record))
        break
      }
      case 'heard':
        this.#heard(event)
        break
      case 'unheard':
        this.#unheard(event, nowMs)
        break
      case 'leaving':
        return this.#leave(nowMs)
      case 'woke':
        this.#dropExpired(nowMs)
    }
    return this.#push(nowMs)
  }

  /** Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    let earliest = Infinity
    let underWay = 0
    for (const lease of this.#leases.values()) {
      if (lease.underWay) underWay += 1
      else if (lease.fresh.size > 0) earliest = Math.min(earliest, lease.readyAtMs)
    }
    return underWay >= pushesUnderWayMax ? Infinity : Math.max(earliest, this.#budgetAtMs)
  }

  get count(): number {
    return this.#leases.size
  }

  #lease(name: string, wish: WatchWish, before: Lease | undefined, more: readonly string[], nowMs: number): Lease {
    const { question, watcher, route, via } = wish
    const { lease, target, want, leaseS } = question
    return {
      name,
      lease,
      watcher,
      route,
      via: via.hex,
      target,
      want,
      untilMs: nowMs + leaseS * 1_000,
      // Told all but these just now, under this lease; a push that is under way says no more than that.
      fresh: new Set(more),
      underWay: before?.underWay,
      readyAtMs: Math.max(before?.readyAtMs ?? nowMs, nowMs),
      unheard: 0,
    }
  }

  /** All records of the key, the newest first, unless the watcher says that it knows them. */
  #newsFor({ target, want, known }: WatchWish['question']): readonly Record[] {
    const here = this.#host.here(target, want)
    return versionsDigest(here.map((record) => [recordId(record), recordVersion(record)])) === known ? [] : here
  }

  #hasRoom({ question, via }: WatchWish): boolean {
    if (this.#leases.size >= leasesMax) return false
    let ofKey = 0
    let ofLink = 0
    let ofBoth = 0
    for (const lease of this.#leases.values()) {
      const isOfKey = lease.target.equals(question.target)
      const isOfLink = lease.via === via.hex
      if (isOfKey) ofKey += 1
      if (isOfLink) ofLink += 1
      if (isOfKey && isOfLink) ofBoth += 1
    }
    return ofKey < leasesPerKeyMax && ofLink < leasesPerLinkMax && ofBoth < leasesPerKeyAndLinkMax
  }

  #heard(event: Extract<WatchersEvent, { type: 'heard' }>): void {
    const lease = this.#leases.get(event.name)
    if (!lease) return
    lease.underWay = undefined
    lease.unheard = 0
    if (!event.watching) this.#leases.delete(lease.name)
  }

  #unheard(event: Extract<WatchersEvent, { type: 'unheard' }>, nowMs: number): void {
    const lease = this.#leases.get(event.name)
    if (!lease?.underWay) return
    for (const id of lease.underWay) lease.fresh.add(id)
    lease.underWay = undefined
    lease.unheard += 1
    lease.readyAtMs = nowMs + pushRetryMs
    if (lease.unheard >= unheardMax) this.#leases.delete(lease.name)
  }

  /** To those that have waited longest, as far as there is room. */
  #push(nowMs: number): WatchersEffect[] {
    if (this.#leases.size === 0) return []
    const effects: WatchersEffect[] = []
    const all = [...this.#leases.values()]
    let room = pushesUnderWayMax - all.filter(({ underWay }) => underWay).length
    const due = all.filter(
      ({ fresh, underWay, readyAtMs, untilMs }) => fresh.size > 0 && !underWay && readyAtMs <= nowMs && untilMs > nowMs,
    )
    for (const lease of due.sort((a, b) => a.readyAtMs - b.readyAtMs)) {
      if (room <= 0) break
      const records = this.#freshOf(lease)
      if (records.length === 0) continue
      if (!this.#budget.take(1, nowMs)) {
        this.#budgetAtMs = nowMs + this.#budget.waitMs(nowMs)
        break
      }
      room -= 1
      lease.underWay = records.map(recordId)
      lease.readyAtMs = nowMs + pushGapMs
      for (const id of lease.underWay) lease.fresh.delete(id)
      effects.push(pushOf(lease, records, false))
    }
    return effects
  }

  /** What is new to the watcher, as much as one message holds; what was dropped meanwhile is news no more. */
  #freshOf({ fresh }: Lease): Record[] {
    const records: Record[] = []
    for (const id of fresh) {
      const record = this.#host.kept(id)
      if (record) records.push(record)
      else fresh.delete(id)
    }
    return recordsThatFit(records)
  }

  /** Best effort: nobody waits for an answer. */
  #leave(nowMs: number): WatchersEffect[] {
    this.#dropExpired(nowMs)
    const leases = [...this.#leases.values()].slice(0, farewellsMax)
    this.#leases.clear()
    return leases.map((lease) => pushOf(lease, this.#freshOf(lease), true))
  }

  #dropExpired(nowMs: number): void {
    for (const [name, { untilMs }] of this.#leases) if (untilMs <= nowMs) this.#leases.delete(name)
  }
}

function pushOf({ name, watcher, route, lease }: Lease, records: readonly Record[], ending: boolean): WatchersEffect {
  return { type: 'push', name, to: watcher, route, question: { type: 'changed', lease, records, ending } }
}
