import type { Key } from '../keys/key.js'
import { LateMap } from '../late-map.js'
import type { Record } from '../records/record.js'
import type { Answer, Question, Want } from '../wire/message.js'
import type { Found } from './lookup.js'
import type { OperationId, Outcome } from './operations.js'
import { Reading } from './reading.js'

/** Of each point around a key, so many of the closest peers are asked: one of them may be gone, or hostile. */
export const askedPerPoint = 2
/** Points around a key: each is in another of its buckets. */
export const pointsMax = 6
/** Searches around a key at one time; an operation beyond that ends with what it has. */
export const searchesMax = 32
/** A read waits so long for what is found around its key. */
export const searchTimeoutMs = 12_000

/** Who waits for the answer of a peer around a key. */
export interface SurroundingAsker {
  readonly for: 'surrounding'
  readonly search: number
}

type Read = Extract<Outcome, { type: 'read' }>

export type SurroundingEvent =
  /** An app has asked for this. */
  | { type: 'began'; operation: OperationId; target: Key; want: Exclude<Want, 'peers'> }
  /** And this is what its lookup came to. */
  | { type: 'finished'; operation: OperationId; outcome: Outcome }
  | { type: 'cancelled'; operation: OperationId }
  /** Peers crowd around the key of a record that was written. */
  | { type: 'crowded'; record: Record }
  /** The peers closest to one of the points; none: the lookup came to nothing. */
  | { type: 'lookedAround'; search: number; point: number; closest: readonly Found[] }
  /** Undefined: no answer. */
  | { type: 'replied'; search: number; answer: Answer | undefined }
  | { type: 'woke' }

export type SurroundingEffect =
  /** Who is closest to this? It is answered with `lookedAround`. */
  | { type: 'lookAround'; search: number; point: number; target: Key }
  | { type: 'pose'; asker: SurroundingAsker; to: Key; route: readonly Key[]; question: Question; tries: number }
  | { type: 'finish'; operation: OperationId; outcome: Outcome }

/** What the search asks of the rest of the overlay. */
export interface SurroundingHost {
  /** How many bits a peer shares with the farthest of its siblings, as far as can be told. */
  readonly siblingBits: number
  holds(record: Record): boolean
  isBehind(record: Record): boolean
}

export type NewSurrounding = (host: SurroundingHost) => Surrounding

interface Search {
  readonly question: Question
  readonly key: Key
  readonly points: readonly Key[]
  /** Undefined: a write, that nobody waits for. */
  readonly read: { readonly operation: OperationId; readonly outcome: Read; readonly reading: Reading } | undefined
  readonly asked: Set<string>
  readonly deadlineMs: number
  /** Lookups and questions that have not come to their end. */
  pending: number
}

/**
 * Where peers crowd around a key, they may be made up to hide what is there: so its record is kept, and looked for, by others around them, too. Around a key means: closest to the points
 * that share some bits with it, and differ in the next one. Whoever crowds around the key is in the same bucket as the key, and so is farther from each point than anybody in the bucket of that point.
 * Invariants: 1. every operation that began ends once, unless it is cancelled; 2. no record leaves here that does not hold; 3. at most `searchesMax` searches, each of `pointsMax` lookups.
 */
export class Surrounding {
  readonly #host: SurroundingHost
  readonly #reads = new LateMap<OperationId, { readonly target: Key; readonly want: Exclude<Want, 'peers'> }>()
  readonly #searches = new LateMap<number, Search>()
  #last = 0

  constructor(host: SurroundingHost) {
    this.#host = host
  }

  handle(event: SurroundingEvent, nowMs: number): SurroundingEffect[] {
    switch (event.type) {
      case 'began':
        this.#reads.set(event.operation, { target: event.target, want: event.want })
        return []
      case 'finished':
        return this.#finished(event, nowMs)
      case 'cancelled':
        this.#reads.delete(event.operation)
        for (const [search, { read }] of this.#searches) if (read?.operation === event.operation) this.#searches.delete(search)
        return []
      case 'crowded':
        return this.#begin(event.record.key, { type: 'store', record: event.record }, undefined, nowMs) ?? []
      case 'lookedAround':
        return this.#lookedAround(event)
      case 'replied':
        return this.#replied(event.search, event.answer)
      case 'woke':
        return [...this.#searches].filter(([, { deadlineMs }]) => deadlineMs <= nowMs).flatMap(([search]) => this.#end(search))
    }
  }

  /** Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    let earliest = Infinity
    for (const { deadlineMs } of this.#searches.values()) earliest = Math.min(earliest, deadlineMs)
    return earliest
  }

  #finished({ operation, outcome }: Extract<SurroundingEvent, { type: 'finished' }>, nowMs: number): SurroundingEffect[] {
    const began = this.#reads.get(operation)
    this.#reads.delete(operation)
    const isSettled = outcome.type !== 'read' || !outcome.crowded || (began?.want === 'content' && outcome.records.length > 0)
    if (!began || isSettled) return [{ type: 'finish', operation, outcome }]
    const { target, want } = began
    const reading = new Reading(target, want, (record) => this.#host.holds(record))
    reading.offer(outcome.records)
    return (
      this.#begin(target, { type: 'find', target, want }, { operation, outcome, reading }, nowMs) ?? [
        { type: 'finish', operation, outcome },
      ]
    )
  }

  #begin(key: Key, question: Question, read: Search['read'], nowMs: number): SurroundingEffect[] | undefined {
    const points = pointsAround(key, this.#host.siblingBits)
    if (points.length === 0 || this.#searches.size >= searchesMax) return undefined
    const search = (this.#last += 1)
    this.#searches.set(search, {
      question,
      key,
      points,
      read,
      asked: new Set(),
      deadlineMs: nowMs + searchTimeoutMs,
      pending: points.length,
    })
    return points.map((target, point) => ({ type: 'lookAround', search, point, target }))
  }

  #lookedAround({ search: id, point, closest }: Extract<SurroundingEvent, { type: 'lookedAround' }>): SurroundingEffect[] {
    const search = this.#searches.get(id)
    if (!search) return []
    const { asked, question, key, points } = search
    // Whoever is not in the bucket of the point may be of those who crowd around the key.
    const bits = points[point]?.sharedBits(key)
    const beside = closest.filter(({ contact }) => contact.id.sharedBits(key) === bits).slice(0, askedPerPoint)
    const fresh = beside.filter(({ contact }) => !asked.has(contact.id.hex))
    for (const { contact } of fresh) asked.add(contact.id.hex)
    search.pending += fresh.length - 1
    const asker = { for: 'surrounding', search: id } as const
    const questions = fresh.map(({ contact, route }) => ({ type: 'pose', asker, to: contact.id, route, question, tries: 2 }) as const)
    return search.pending === 0 ? this.#end(id) : questions
  }

  #replied(id: number, answer: Answer | undefined): SurroundingEffect[] {
    const search = this.#searches.get(id)
    if (!search) return []
    search.pending -= 1
    if (answer?.type === 'found') search.read?.reading.offer(answer.records)
    return search.pending === 0 || search.read?.reading.satisfied ? this.#end(id) : []
  }

  #end(id: number): SurroundingEffect[] {
    const { read, asked } = this.#searches.get(id)!
    this.#searches.delete(id)
    if (!read) return []
    const { operation, outcome, reading } = read
    const records = reading.best((record) => this.#host.isBehind(record))
    return [{ type: 'finish', operation, outcome: { ...outcome, records, asked: outcome.asked + asked.size } }]
  }
}

/** One point in each of the key's buckets of which the smallest should have two peers, and the largest sixty-four: closest to each is somebody of that bucket, whoever crowds around the key. */
export function pointsAround(key: Key, siblingBits: number): Key[] {
  return Array.from({ length: pointsMax }, (_, i) => siblingBits + 1 - i)
    .filter((bits) => bits >= 0)
    .map((bits) => key.inBucket(bits, key))
}
