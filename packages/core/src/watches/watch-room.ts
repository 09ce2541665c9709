import type { FreshIds } from '../fresh-ids.js'
import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { sourceOf, wayBack } from '../links/relay.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { Found } from '../lookups/lookup.js'
import type { OperationId } from '../lookups/operations.js'
import type { Record } from '../records/record.js'
import type { RecordRoom } from '../records/record-room.js'
import {
  type Answer,
  type Envelope,
  type LeaseId,
  replicas,
  type Watchable,
  type WatchAnswer,
  type WatchQuestion,
} from '../wire/message.js'
import { holdersWanted, watchesMax } from './watch-bounds.js'
import type { Watchers, WatchersEvent, WatchersHost } from './watchers.js'
import type { Watching, WatchingEvent } from './watching.js'

/** Makes the watches of one peer's app. `holds`: the judge of records. */
export type NewWatching = (ids: FreshIds, holds: (record: Record) => boolean) => Watching
/** Makes the watches that others hold at one peer. */
export type NewWatchers = (host: WatchersHost, nowMs: number) => Watchers

interface WatchParts {
  readonly newWatching: NewWatching
  readonly newWatchers: NewWatchers
}

/** Who waits for an answer: a watcher for that to its wish, a holder for that to its push. */
export type WatchAsker =
  | { readonly for: 'watch'; readonly side: 'watcher'; readonly lease: LeaseId }
  | { readonly for: 'watch'; readonly side: 'holder'; readonly name: string }

export type WatchRoomEvent =
  | { type: 'watch'; operation: OperationId; target: Key; want: Watchable }
  | { type: 'cancel'; operation: OperationId }
  | ({ type: 'late' } & WatchParts)
  | { type: 'replicasFound'; topic: string; closest: readonly Found[] }
  /** A question was answered; undefined: it was not. */
  | { type: 'replied'; asker: WatchAsker; answer: Answer | undefined }
  | { type: 'kept'; record: Record }
  | { type: 'linked'; contact: Contact }
  | { type: 'unlinked'; contact: Contact }
  /** This peer goes, or is no replica any more: watchers are told to ask another. */
  | { type: 'leaving' }
  /** This peer stood still for a while. */
  | { type: 'resumed' }
  | { type: 'woke' }

export type WatchRoomEffect =
  | { type: 'watched'; operation: OperationId; record: Record }
  | { type: 'finish'; operation: OperationId; outcome: { readonly type: 'notWatched' } }
  /** Who is closest to this key? */
  | { type: 'findReplicas'; topic: string; target: Key }
  | { type: 'pose'; asker: WatchAsker; to: Key; route: readonly Key[]; question: WatchQuestion; tries: number }

/**
 * Watches, put together: those of this peer's app, and those that others hold here. Most peers have neither, so each side is made when it is first needed,
 * and what it is made with may come late: watches of the app wait for it, and others are told that there is no room.
 */
export class WatchRoom {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #records: RecordRoom
  #parts: WatchParts | undefined
  /** Watches that wait for them. */
  #early: Extract<WatchRoomEvent, { type: 'watch' }>[] = []
  #watching: Watching | undefined
  #watchers: Watchers | undefined
  #unixS = 0
  #dueMs: number | undefined

  constructor(table: RoutingTable, ids: FreshIds, records: RecordRoom, parts: WatchParts | undefined) {
    this.#table = table
    this.#ids = ids
    this.#records = records
    this.#parts = parts
  }

  handle(event: WatchRoomEvent, nowMs: number, unixS: number): WatchRoomEffect[] {
    this.#unixS = unixS
    switch (event.type) {
      case 'watch': {
        if (!this.#parts) return this.#wait(event)
        const here = this.#records.here(event.target, event.want, unixS)
        this.#watching ??= this.#parts.newWatching(this.#ids, (record) => this.#records.holds(record, this.#unixS))
        return this.#watch({ ...event, here }, nowMs)
      }
      case 'late':
        this.#parts = event
        return this.#early.splice(0).flatMap((early) => this.handle(early, nowMs, unixS))
      case 'cancel':
        this.#early = this.#early.filter(({ operation }) => operation !== event.operation)
        return this.#watch({ type: 'cancelled', operation: event.operation }, nowMs)
      case 'replicasFound':
        return this.#watch({ ...event, type: 'sought' }, nowMs)
      case 'linked':
      case 'unlinked':
      case 'resumed':
        return this.#watch(event, nowMs)
      case 'replied':
        return this.#replied(event.asker, event.answer, nowMs)
      case 'leaving': {
        const effects = this.#push(event, nowMs)
        this.#watchers = undefined
        return effects
      }
      case 'kept':
      case 'woke':
        return [...this.#watch(event, nowMs), ...this.#push(event, nowMs)]
    }
  }

  /**
   * The answer to a question that came in an envelope for us. `mayJudge`: whether there is time to judge this record of a push; asked once of each that is news. Those that there is no time for are left,
   * and the push unanswered: its holder brings them again, or by then what is newer.
   */
  answer(
    question: WatchQuestion,
    envelope: Envelope,
    mayJudge: (record: Record) => boolean,
    nowMs: number,
    unixS: number,
  ): { answer: WatchAnswer | undefined; effects: WatchRoomEffect[] } {
    this.#unixS = unixS
    this.#dueMs = undefined
    const watcher = sourceOf(envelope)
    if (question.type === 'changed') {
      const watching = this.#watching
      if (!watching?.expects(question.lease, watcher)) return { answer: { type: 'heard', watching: false }, effects: [] }
      const records = question.records.filter((record) => !watching.isNews(question.lease, record) || mayJudge(record))
      const isWhole = records.length === question.records.length
      const effects = this.#watch({ ...question, records, type: 'pushed' }, nowMs)
      return { answer: isWhole ? { type: 'heard', watching: true } : undefined, effects }
    }
    const nearest = this.#table.closestLinks(question.target, replicas + 1).filter(({ contact }) => !contact.id.equals(watcher))
    const farthest = nearest[replicas - 1]
    const isClose = !farthest || Key.compare(question.target, this.#table.self, farthest.contact.id) < 0
    const isReplica = isClose && this.#table.role === 'full'
    const contacts = nearest.slice(0, holdersWanted).map(({ contact }) => contact)
    this.#watchers ??= this.#newWatchers(nowMs)
    if (!this.#watchers) return { answer: { type: 'watching', contacts, verdict: 'full', leaseS: 0, records: [] }, effects: [] }
    const wish = { question, watcher, route: wayBack(envelope), via: envelope.path.at(-1)!, isReplica }
    return { answer: { type: 'watching', contacts, ...this.#watchers.take(wish, nowMs) }, effects: [] }
  }

  /** Asked for after every message, so remembered until something changes. Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    return (this.#dueMs ??= Math.min(this.#watching?.wakeAtMs ?? Infinity, this.#watchers?.wakeAtMs ?? Infinity))
  }

  /** Watches of this peer's app. */
  get count(): number {
    return this.#early.length + (this.#watching?.count ?? 0)
  }

  /** Those of them for which some holder pushes. */
  liveCount(nowMs: number): number {
    return this.#watching?.liveCount(nowMs) ?? 0
  }

  #wait(event: Extract<WatchRoomEvent, { type: 'watch' }>): WatchRoomEffect[] {
    if (this.#early.length >= watchesMax) return [{ type: 'finish', operation: event.operation, outcome: { type: 'notWatched' } }]
    this.#early.push(event)
    return []
  }

  #newWatchers(nowMs: number): Watchers | undefined {
    const here = (target: Key, want: Watchable) => this.#records.here(target, want, this.#unixS)
    return this.#parts?.newWatchers({ here, kept: (id) => this.#records.kept(id) }, nowMs)
  }

  #replied(asker: WatchAsker, answer: Answer | undefined, nowMs: number): WatchRoomEffect[] {
    if (asker.side === 'watcher') {
      const { lease } = asker
      return this.#watch(answer?.type === 'watching' ? { type: 'answered', lease, answer } : { type: 'silent', lease }, nowMs)
    }
    const { name } = asker
    return this.#push(answer?.type === 'heard' ? { type: 'heard', name, watching: answer.watching } : { type: 'unheard', name }, nowMs)
  }

  #watch(event: WatchingEvent, nowMs: number): WatchRoomEffect[] {
    this.#dueMs = undefined
    const effects = this.#watching?.handle(event, nowMs, this.#unixS) ?? []
    return effects.map((effect): WatchRoomEffect => {
      if (effect.type === 'seek') return { ...effect, type: 'findReplicas' }
      if (effect.type !== 'ask') return effect
      const { to, question } = effect
      const asker: WatchAsker = { for: 'watch', side: 'watcher', lease: question.lease }
      return {
        type: 'pose',
        asker,
        to: to.id,
        route: this.#table.routeTo(to.id) ?? effect.route,
        question,
        tries: question.leaseS > 0 ? 2 : 1,
      }
    })
  }

  /** Asked once: whoever does not hear it is pushed what is new by then. */
  #push(event: WatchersEvent, nowMs: number): WatchRoomEffect[] {
    this.#dueMs = undefined
    const effects = this.#watchers?.handle(event, nowMs) ?? []
    return effects.map(({ name, to, route, question }) => {
      const asker: WatchAsker = { for: 'watch', side: 'holder', name }
      return { type: 'pose', asker, to, route, question, tries: 1 }
    })
  }
}
