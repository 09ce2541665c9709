import type { Key } from '../keys/key.js'
import { LateMap } from '../late-map.js'
import type { Answer, MessageId, Seek } from '../wire/message.js'
import type { Record } from './record.js'

/** How long content is kept that was passed on straight from one of its holders; each link farther away, half as long. */
export const cachedFirstMs = 240_000
/** Links from a holder at which nothing is kept any more: it would be for seconds. */
export const cachedLinksMax = 5
/** Content kept for having been passed on: of popular content there is little. What was passed on longest ago makes room. */
export const cachedRecordsMax = 64
export const cachedBytesMax = 512 * 1024
/** Questions passed on whose answers may pass here, and for how long. */
export const passedMax = 256
export const passedForMs = 6_000

/** Content that was passed on, and how many links away from a holder this is. */
interface Cached {
  readonly record: Record
  readonly links: number
  readonly untilMs: number
}

type Found = Extract<Answer, { type: 'found' }>

/**
 * Content kept by those that passed it on, so that what many ask for is soon answered nearer to them. Only content: it proves itself and never changes, while an old version
 * of anything else could be taken for the newest. It is no replica: it is not on the disk, takes no room from what this peer is responsible for, and nobody counts it.
 * Invariants: 1. only what was asked for through this peer is kept; 2. no longer than the distance from a holder allows, counted across caches; 3. within `cachedRecordsMax` and `cachedBytesMax`.
 */
export class ContentCache {
  readonly #passed = new LateMap<MessageId, { readonly target: Key; readonly untilMs: number }>()
  readonly #cached = new LateMap<string, Cached>()
  #bytes = 0

  /** A question for content was passed on. */
  asked({ id, target }: Seek, nowMs: number): void {
    for (const [one, { untilMs }] of this.#passed) {
      if (untilMs > nowMs && this.#passed.size < passedMax) break
      this.#passed.delete(one)
    }
    this.#passed.set(id, { target, untilMs: nowMs + passedForMs })
  }

  /** An answer passes. `links`: those it has come over. */
  answered(id: MessageId, { records, links: before = 0 }: Found, links: number, nowMs: number): void {
    const passed = this.#passed.get(id)
    if (!passed) return
    this.#passed.delete(id)
    const [record] = records
    const away = before + links
    if (record?.kind !== 'content' || !record.key.equals(passed.target) || away > cachedLinksMax) return
    const untilMs = nowMs + cachedFirstMs / 2 ** (away - 1)
    const known = this.#cached.get(record.key.hex)
    if (known && known.untilMs >= untilMs) return
    this.#drop(record.key.hex)
    this.#cached.set(record.key.hex, { record, links: away, untilMs })
    this.#bytes += record.value.length
    for (const hex of this.#cached.keys()) {
      if (this.#cached.size <= cachedRecordsMax && this.#bytes <= cachedBytesMax) break
      this.#drop(hex)
    }
  }

  get(target: Key, nowMs: number): Cached | undefined {
    const cached = this.#cached.get(target.hex)
    if (!cached || cached.untilMs > nowMs) return cached
    this.#drop(target.hex)
    return undefined
  }

  #drop(hex: string): void {
    const cached = this.#cached.get(hex)
    if (!cached) return
    this.#cached.delete(hex)
    this.#bytes -= cached.record.value.length
  }
}
