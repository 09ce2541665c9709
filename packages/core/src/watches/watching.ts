import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { Found } from '../lookups/lookup.js'
import type { OperationId } from '../lookups/operations.js'
import type { Record } from '../records/record.js'
import type { LeaseId, WatchAnswer, Watchable, WatchQuestion } from '../wire/message.js'
import { Delivered } from './delivered.js'
import { Holders, type HoldersEffect, type HoldersEvent } from './holders.js'
import { watchesMax } from './watch-bounds.js'

/** Records of one message that may turn out not to hold (expired just now, or forged: 3 ms each) before its sender is asked no more. */
export const badRecordsMax = 3
/** Questions asked at one wake-up, and when the next follow: whoever slept has all of its leases to renew, and a few hundred questions may be under way. */
export const asksAtOnceMax = 64
export const askGapMs = 100
/** What a holder is told is known when the watches of a key know different things: nothing. */
const unknownDigest = '0'.repeat(16)

export type WatchingEvent =
  /** `here`: what this peer keeps itself. */
  | { type: 'watch'; operation: OperationId; target: Key; want: Watchable; here: readonly Record[] }
  | { type: 'cancelled'; operation: OperationId }
  | { type: 'sought'; topic: string; closest: readonly Found[] }
  | { type: 'answered'; lease: LeaseId; answer: Extract<WatchAnswer, { type: 'watching' }> }
  | { type: 'silent'; lease: LeaseId }
  /** A holder pushes. To be asked before: `expects`. */
  | { type: 'pushed'; lease: LeaseId; records: readonly Record[]; ending: boolean }
  /** This peer keeps a new record itself: judged, and its own or a replica's. */
  | { type: 'kept'; record: Record }
  | { type: 'linked'; contact: Contact }
  | { type: 'unlinked'; contact: Contact }
  /** This peer stood still for a while. */
  | { type: 'resumed' }
  | { type: 'woke' }

export type WatchingEffect =
  | { type: 'watched'; operation: OperationId; record: Record }
  | { type: 'seek'; topic: string; target: Key }
  | { type: 'ask'; to: Contact; route: readonly Key[]; question: Extract<WatchQuestion, { type: 'watch' }> }
  | { type: 'finish'; operation: OperationId; outcome: { type: 'notWatched' } }

/** One key that is watched, by whomever. */
interface Topic {
  readonly name: string
  readonly target: Key
  readonly want: Watchable
  readonly holders: Holders
  readonly watches: Map<OperationId, Delivered>
}

/**
 * The watcher's side: which keys this peer's app watches, and what of them it was told. Whoever brings a record, a holder or this peer's own store, it is delivered once.
 * Invariants: 1. no record is delivered that does not hold, none twice, none after a later one; 2. the watches of one key share their leases;
 * 3. a watch ends when it is cancelled, and for no other reason, unless there were `watchesMax`; 4. what is due is asked, `asksAtOnceMax` or few more at a time.
 */
export class Watching {
  readonly #ids: FreshIds
  readonly #holds: (record: Record) => boolean
  readonly #topics = new Map<string, Topic>()
  /** When those that are due are asked on, if they were too many. */
  #goOnAtMs = -Infinity

  /** `holds`: the judge of records. */
  constructor(ids: FreshIds, holds: (record: Record) => boolean) {
    this.#ids = ids
    this.#holds = holds
  }

  handle(event: WatchingEvent, nowMs: number, unixS: number): WatchingEffect[] {
    switch (event.type) {
      case 'watch':
        return this.#watch(event, nowMs, unixS)
      case 'cancelled':
        return this.#cancelled(event.operation, nowMs, unixS)
      case 'sought': {
        const topic = this.#topics.get(event.topic)
        return topic ? this.#tell(topic, event, nowMs, unixS) : []
      }
      case 'answered': {
        const topic = this.#byLease(event.lease)
        return topic
          ? [...this.#offer(topic, event.lease, event.answer.records, nowMs, unixS), ...this.#tell(topic, event, nowMs, unixS)]
          : []
      }
      case 'silent': {
        const topic = this.#byLease(event.lease)
        return topic ? this.#tell(topic, event, nowMs, unixS) : []
      }
      case 'pushed': {
        const { lease, records, ending } = event
        const topic = this.#byLease(lease)
        if (!topic) return []
        return [
          ...this.#offer(topic, lease, records, nowMs, unixS),
          ...(ending ? this.#tell(topic, { type: 'ending', lease }, nowMs, unixS) : []),
        ]
      }
      case 'kept': {
        const { record } = event
        const topic = record.kind === 'content' ? undefined : this.#topics.get(topicName(record.key, record.kind))
        return topic ? this.#deliver(topic, record, unixS) : []
      }
      case 'linked':
      case 'unlinked':
        return [...this.#topics.values()].flatMap((topic) => this.#tell(topic, event, nowMs, unixS))
      case 'resumed':
        for (const { holders } of this.#topics.values()) holders.handle(event, nowMs)
        return []
      case 'woke':
        return this.#woke(nowMs, unixS)
    }
  }

  /** Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    let earliest = Infinity
    for (const { holders } of this.#topics.values()) earliest = Math.min(earliest, holders.wakeAtMs)
    return Math.max(earliest, this.#goOnAtMs)
  }

  get count(): number {
    let count = 0
    for (const { watches } of this.#topics.values()) count += watches.size
    return count
  }

  /** Watches of keys for which some holder pushes. */
  liveCount(nowMs: number): number {
    let count = 0
    for (const { watches, holders } of this.#topics.values()) if (holders.isLive(nowMs)) count += watches.size
    return count
  }

  /** Whether a push under this lease, from this peer, is wanted. */
  expects(lease: LeaseId, from: Key): boolean {
    return [...this.#topics.values()].some(({ holders }) => holders.expects(lease, from))
  }

  /** Whether this record, pushed under this lease, would be judged. */
  isNews(lease: LeaseId, record: Record): boolean {
    const topic = this.#byLease(lease)
    return topic !== undefined && isNews(topic, record)
  }

  #watch({ operation, target, want, here }: Extract<WatchingEvent, { type: 'watch' }>, nowMs: number, unixS: number): WatchingEffect[] {
    if (this.count >= watchesMax) return [{ type: 'finish', operation, outcome: { type: 'notWatched' } }]
    const name = topicName(target, want)
    const known = this.#topics.get(name)
    const topic = known ?? { name, target, want, holders: new Holders(target, this.#ids), watches: new Map<OperationId, Delivered>() }
    this.#topics.set(name, topic)
    topic.watches.set(operation, new Delivered())
    return [
      ...here.filter((record) => this.#holds(record)).flatMap((record) => this.#deliver(topic, record, unixS)),
      ...this.#tell(topic, { type: known ? 'replay' : 'began' }, nowMs, unixS),
    ]
  }

  #woke(nowMs: number, unixS: number): WatchingEffect[] {
    const effects: WatchingEffect[] = []
    for (const topic of this.#topics.values()) {
      effects.push(...this.#tell(topic, { type: 'woke' }, nowMs, unixS))
      if (effects.length < asksAtOnceMax) continue
      this.#goOnAtMs = nowMs + askGapMs
      break
    }
    return effects
  }

  #cancelled(operation: OperationId, nowMs: number, unixS: number): WatchingEffect[] {
    const topic = [...this.#topics.values()].find(({ watches }) => watches.delete(operation))
    if (!topic || topic.watches.size > 0) return []
    this.#topics.delete(topic.name)
    return this.#tell(topic, { type: 'ended' }, nowMs, unixS)
  }

  #tell(topic: Topic, event: HoldersEvent, nowMs: number, unixS: number): WatchingEffect[] {
    return this.#ordered(topic, topic.holders.handle(event, nowMs), unixS)
  }

  #ordered(topic: Topic, effects: readonly HoldersEffect[], unixS: number): WatchingEffect[] {
    const { name, target, want } = topic
    return effects.map((effect): WatchingEffect => {
      if (effect.type === 'seek') return { type: 'seek', topic: name, target }
      const { to, route, lease, leaseS } = effect
      return { type: 'ask', to, route, question: { type: 'watch', target, want, lease, leaseS, known: knownOf(topic, unixS) } }
    })
  }

  /** What a holder brought: judged, and as soon as too much of it does not hold, not looked at any further. */
  #offer(topic: Topic, lease: LeaseId, records: readonly Record[], nowMs: number, unixS: number): WatchingEffect[] {
    const effects: WatchingEffect[] = []
    let bad = 0
    for (const record of records) {
      if (!isNews(topic, record)) continue
      if (this.#holds(record)) effects.push(...this.#deliver(topic, record, unixS))
      else if ((bad += 1) >= badRecordsMax) return [...effects, ...this.#tell(topic, { type: 'distrusted', lease }, nowMs, unixS)]
    }
    return effects
  }

  #deliver({ watches }: Topic, record: Record, unixS: number): WatchingEffect[] {
    return [...watches].flatMap(([operation, delivered]): WatchingEffect[] => {
      const isTold = delivered.isNews(record) && delivered.take(record, unixS)
      return isTold ? [{ type: 'watched', operation, record }] : []
    })
  }

  #byLease(lease: LeaseId): Topic | undefined {
    for (const topic of this.#topics.values()) if (topic.holders.has(lease)) return topic
    return undefined
  }
}

function isNews({ target, want, watches }: Topic, record: Record): boolean {
  if (record.kind !== want || !record.key.equals(target)) return false
  return [...watches.values()].some((delivered) => delivered.isNews(record))
}

function topicName(target: Key, want: Watchable): string {
  return `${want} ${target.hex}`
}

function knownOf({ watches }: Topic, unixS: number): string {
  const digests = new Set([...watches.values()].map((delivered) => delivered.digest(unixS)))
  const [digest] = digests
  return digest !== undefined && digests.size === 1 ? digest : unknownDigest
}
