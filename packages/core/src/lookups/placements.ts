import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import { compareRecords, type Record } from '../records/record.js'
import { TokenBucket } from '../token-bucket.js'
import type { Answer, Question, Receipt, Seek, StoreOrder } from '../wire/message.js'
import { Writing } from './writing.js'

/** Records handed to their other replicas at one time: what a tab passes on in a second, at most. */
export const placementsMax = 64
/** The writer is answered after this, whoever is still silent: it goes on by other ways then. */
export const placementTimeoutMs = 2_500
/** Bytes of records that are handed on, at once and then each second: a writer makes this peer send seven copies of what it sends itself. */
export const handedOnBurstBytes = 4 * 2 ** 20
export const handedOnBytesPerSecond = 128 * 1024

/** What a record has besides its value, with its envelope. */
const recordFrameBytes = 400

/** Who asks a replica to keep a record, in terms of placements. */
export interface PlacementAsker {
  readonly for: 'placement'
  readonly placement: number
}

type ReceiptAnswer = Extract<Answer, { type: 'receipt' }>
export type PlacementSeek = Seek & { readonly store: StoreOrder }

export type PlacementsEvent =
  /** A record arrived at this peer, which has `kept` it or not; undefined: it is no replica, and the record holds. `others`: the replicas besides this peer and the writer, and the ways to them. */
  | { type: 'arrived'; seek: PlacementSeek; kept: Kept | undefined; others: readonly { contact: Contact; route: readonly Key[] }[] }
  /** A replica has answered; undefined: it stays silent. */
  | { type: 'heard'; asker: PlacementAsker; from: Key; receipt: ReceiptAnswer | undefined }
  /** It takes longer than is usual. */
  | { type: 'late'; asker: PlacementAsker; from: Key }
  | { type: 'woke' }

/** What became of it here. */
export interface Kept {
  readonly receipt: Receipt
  readonly newer: Record | undefined
}

export type PlacementsEffect =
  | { type: 'ask'; asker: PlacementAsker; to: Key; route: readonly Key[]; question: Question; tries: number }
  /** To the writer, back along the path of its seek. */
  | { type: 'respond'; seek: Seek; answer: Answer }

/** The judge of newer records: lent by `Asking`. */
export interface PlacementsHost {
  holds(record: Record, isAsked: boolean): boolean
}

interface Placement {
  readonly seek: PlacementSeek
  readonly writing: Writing
  /** The replicas, and their receipts as they come, by the hex of their id. */
  readonly placed: Map<string, { readonly contact: Contact; receipt: Receipt | undefined }>
  newer: Record | undefined
  readonly deadlineMs: number
}

/** Makes what sees to the records that arrive at one peer. */
export type NewPlacements = (self: Contact, host: PlacementsHost) => Placements

/**
 * Records that arrived at the first of their replicas, this peer, which hands them to the others, and answers the writer with all receipts at once: one round trip instead of one each way.
 * Invariants: 1. every writer is answered once, within `placementTimeoutMs`; 2. nothing is handed on that this peer did not judge, and keep if it is a replica;
 * 3. what is handed on stays within the budget: beyond it the answer is this peer's receipt alone, and the writer asks the others itself.
 */
export class Placements {
  readonly #self: Contact
  readonly #host: PlacementsHost
  readonly #placements = new LateMap<number, Placement>()
  #budget: TokenBucket | undefined
  #last = 0

  constructor(self: Contact, host: PlacementsHost) {
    this.#self = self
    this.#host = host
  }

  handle(event: PlacementsEvent, nowMs: number): PlacementsEffect[] {
    switch (event.type) {
      case 'arrived':
        return this.#arrived(event, nowMs)
      case 'heard':
      case 'late': {
        const placement = this.#placements.get(event.asker.placement)
        if (!placement) return []
        if (event.type === 'late') placement.writing.noteLate(event.from)
        else this.#note(placement, event.from, event.receipt)
        return this.#decide(event.asker.placement, placement)
      }
      case 'woke':
        return [...this.#placements].flatMap(([number, placement]) =>
          placement.deadlineMs <= nowMs ? [this.#respond(number, placement)] : [],
        )
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    for (const { deadlineMs } of this.#placements.values()) if (earliest === undefined || deadlineMs < earliest) earliest = deadlineMs
    return earliest
  }

  #arrived({ seek, kept, others }: Extract<PlacementsEvent, { type: 'arrived' }>, nowMs: number): PlacementsEffect[] {
    const { record, ifSeq } = seek.store
    const isTrue = !kept || kept.receipt === 'stored' || kept.receipt === 'same'
    this.#budget ??= new TokenBucket(handedOnBurstBytes, handedOnBytesPerSecond / 1_000, nowMs)
    const isHandedOn =
      isTrue && this.#placements.size < placementsMax && this.#budget.take((record.value.length + recordFrameBytes) * others.length, nowMs)
    const to = isHandedOn ? others : []
    const ids = to.map(({ contact }) => contact.id)
    const placement: Placement = {
      seek,
      writing: new Writing(record, ifSeq, ids),
      placed: new Map(others.map(({ contact }) => [contact.id.hex, { contact, receipt: undefined }])),
      newer: kept?.newer,
      deadlineMs: nowMs + placementTimeoutMs,
    }
    if (kept) {
      placement.placed.set(this.#self.id.hex, { contact: this.#self, receipt: kept.receipt })
      placement.writing.noteHere(kept.receipt)
    }
    this.#last += 1
    this.#placements.set(this.#last, placement)
    const question: Question = { type: 'store', record, ...(ifSeq !== undefined && { ifSeq }) }
    const asker: PlacementAsker = { for: 'placement', placement: this.#last }
    const asked = to.map(({ contact, route }): PlacementsEffect => ({ type: 'ask', asker, to: contact.id, route, question, tries: 2 }))
    return [...asked, ...this.#decide(this.#last, placement)]
  }

  #note(placement: Placement, from: Key, answer: ReceiptAnswer | undefined): void {
    const newer = answer?.newer && this.#host.holds(answer.newer, false) ? answer.newer : undefined
    placement.writing.note(from, answer && { receipt: answer.receipt, ...(newer && { newer }) })
    const placed = placement.placed.get(from.hex)
    if (placed) placed.receipt = answer?.receipt
    if (newer && (!placement.newer || compareRecords(newer, placement.newer) > 0)) placement.newer = newer
  }

  #decide(number: number, placement: Placement): PlacementsEffect[] {
    return isEnough(placement) ? [this.#respond(number, placement)] : []
  }

  #respond(number: number, { seek, placed, newer }: Placement): PlacementsEffect {
    this.#placements.delete(number)
    const replicas = [...placed.values()].map(({ contact, receipt }) => ({ contact, ...(receipt && { receipt }) }))
    return { type: 'respond', seek, answer: { type: 'placed', replicas, ...(newer && { newer }) } }
  }
}

/** A condition may fail at any of them, so all but the late are heard; else most will do, unless the writer wants all. */
function isEnough({ writing, seek }: Placement): boolean {
  const { all, ifSeq } = seek.store
  if (writing.done) return true
  if (all) return false
  return ifSeq === undefined ? writing.isMost : writing.isEnough
}
