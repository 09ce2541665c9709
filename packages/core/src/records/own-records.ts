import { LateMap } from '../late-map.js'
import { compareRecords, type Record, recordId } from './record.js'

/** An owner writes its records anew this often while it is open: replication carries them in between. */
export const republishEveryMs = 1_800_000
/** A record that no other peer confirmed is tried again this soon; each time in vain doubles it. */
export const pendingRetryMs = 3_000
/** And at the longest after this: whoever is full, or knows a newer one that nobody can show, stays so for minutes. */
export const pendingRetryMaxMs = 600_000
/** Writes at one time: a peer that comes back with hundreds of records has lookups to make as well. */
export const rewritesMax = 4

interface Own {
  readonly record: Record
  dueMs: number
  pending: boolean
  writing: boolean
  /** Writes in a row that no other peer confirmed. */
  failures: number
  /** The last write met nobody at all: a link may change that. */
  metNobody: boolean
}

export type OwnRecordsEvent =
  /** Our own record, restored or just handed in. `writing`: the call that handed it in writes it, and is followed by a `wrote`. */
  | { type: 'owned'; record: Record; writing: boolean }
  /** A version newer than ours was met: its owner has written it elsewhere. It is cared for in the place of ours. */
  | { type: 'superseded'; record: Record }
  /** A write of this very version has ended. `wanted`: replicas it met. */
  | { type: 'wrote'; record: Record; storedElsewhere: number; wanted: number }
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
 * Invariants: 1. one write of a record under way at a time; 2. none is begun here while `rewritesMax` are under way;
 * 3. what became of one version says nothing about another.
 */
export class OwnRecords {
  readonly #own = new LateMap<string, Own>()

  handle(event: OwnRecordsEvent, nowMs: number): OwnRecordsEffect[] {
    switch (event.type) {
      case 'owned': {
        const { record, writing } = event
        this.#own.set(recordId(record), { record, dueMs: nowMs, pending: true, writing, failures: 0, metNobody: false })
        return []
      }
      case 'superseded': {
        const { record } = event
        this.#own.set(recordId(record), {
          record,
          dueMs: nowMs + republishEveryMs,
          pending: false,
          writing: false,
          failures: 0,
          metNobody: false,
        })
        return []
      }
      case 'wrote':
        this.#wrote(event, nowMs)
        return []
      case 'dropped':
        this.#own.delete(event.id)
        return []
      case 'linked':
        for (const own of this.#own.values()) if (own.pending && own.metNobody) own.dueMs = Math.min(own.dueMs, nowMs + pendingRetryMs)
        return []
      case 'woke':
        return event.linked ? this.#rewrite(nowMs) : []
    }
  }

  /** When the next write is due; undefined: never, or not before somebody is linked or a write ends. */
  wakeAtMs(linked: boolean): number | undefined {
    if (!linked || this.#free === 0) return undefined
    let earliest: number | undefined
    for (const { dueMs, writing } of this.#own.values()) if (!writing && (earliest === undefined || dueMs < earliest)) earliest = dueMs
    return earliest
  }

  /** Whether some version of this record is cared for. */
  has(id: string): boolean {
    return this.#own.has(id)
  }

  /** Own records that no other peer has confirmed yet. */
  get pending(): number {
    let count = 0
    for (const own of this.#own.values()) if (own.pending) count += 1
    return count
  }

  #wrote({ record, storedElsewhere, wanted }: Extract<OwnRecordsEvent, { type: 'wrote' }>, nowMs: number): void {
    const own = this.#own.get(recordId(record))
    if (!own || compareRecords(own.record, record) !== 0) return
    own.writing = false
    own.pending = storedElsewhere === 0
    own.metNobody = wanted === 0
    own.failures = own.pending ? own.failures + 1 : 0
    const waitMs = own.pending ? Math.min(pendingRetryMs * 2 ** (own.failures - 1), pendingRetryMaxMs) : republishEveryMs
    own.dueMs = nowMs + waitMs
  }

  #rewrite(nowMs: number): OwnRecordsEffect[] {
    const due = [...this.#own.values()].filter((own) => !own.writing && own.dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs)
    return due.slice(0, this.#free).map((own) => {
      own.writing = true
      return { type: 'write', record: own.record }
    })
  }

  get #free(): number {
    let writing = 0
    for (const own of this.#own.values()) if (own.writing) writing += 1
    return Math.max(0, rewritesMax - writing)
  }
}
