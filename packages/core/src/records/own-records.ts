import type { Record } from './record.js'
import { recordId } from './record.js'

/** An owner writes its records anew this often while it is open: replication carries them in between. */
export const republishEveryMs = 1_800_000
/** A record that found no replica is tried again this soon, once there are peers. */
export const pendingRetryMs = 3_000

interface Own {
  readonly record: Record
  dueMs: number
  pending: boolean
  writing: boolean
}

export type OwnRecordsEvent =
  /** Our own record, restored or just handed in: to be written, unless `writing` says that its owner's call does so. */
  | { type: 'owned'; record: Record }
  | { type: 'wrote'; id: string; stored: number }
  | { type: 'dropped'; id: string }
  /** A link came: there may be somebody to write to now. */
  | { type: 'linked' }
  | { type: 'woke'; linked: boolean }

export interface OwnRecordsEffect {
  readonly type: 'write'
  readonly record: Record
}

/**
 * The records this peer has written: kept even when nobody is there, written when peers come, and written anew while it is open.
 * Invariant: one write of a record under way at a time.
 */
export class OwnRecords {
  readonly #own = new Map<string, Own>()

  handle(event: OwnRecordsEvent, nowMs: number): OwnRecordsEffect[] {
    switch (event.type) {
      case 'owned':
        this.#own.set(recordId(event.record), { record: event.record, dueMs: nowMs, pending: true, writing: false })
        return []
      case 'wrote': {
        const own = this.#own.get(event.id)
        if (!own) return []
        own.writing = false
        own.pending = event.stored === 0
        own.dueMs = nowMs + (own.pending ? pendingRetryMs : republishEveryMs)
        return []
      }
      case 'dropped':
        this.#own.delete(event.id)
        return []
      case 'linked':
        for (const own of this.#own.values()) if (own.pending) own.dueMs = Math.min(own.dueMs, nowMs + pendingRetryMs)
        return []
      case 'woke':
        if (!event.linked) return []
        return [...this.#own.values()]
          .filter((own) => !own.writing && own.dueMs <= nowMs)
          .map((own) => {
            own.writing = true
            return { type: 'write', record: own.record }
          })
    }
  }

  /** When the next write is due; undefined: never, or not before somebody is linked. */
  wakeAtMs(linked: boolean): number | undefined {
    if (!linked) return undefined
    let earliest: number | undefined
    for (const { dueMs, writing } of this.#own.values()) if (!writing && (earliest === undefined || dueMs < earliest)) earliest = dueMs
    return earliest
  }

  /** Marks a record as being written by its owner's own call. */
  writing(id: string): void {
    const own = this.#own.get(id)
    if (own) own.writing = true
  }

  /** Own records that no replica has confirmed yet. */
  get pending(): number {
    let count = 0
    for (const own of this.#own.values()) if (own.pending) count += 1
    return count
  }
}
