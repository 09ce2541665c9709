import { LateMap } from '../late-map.js'
import { Key } from '../keys/key.js'
import type { KeptRecord } from './kept-record.js'
import { printPublicKey, type PublicKey, publicKeyBytes } from '../keys/public-key.js'
import { compareRecords, type Record } from './record.js'
import type { QuotaName, StoreQuotas } from './store-quotas.js'

/** What must go so that a record can come, or the quota that leaves no room for it. */
export type RoomPlan =
  | { readonly type: 'room'; readonly victims: readonly KeptRecord[] }
  | { readonly type: 'full'; readonly quota: QuotaName }

/**
 * The room of one store: what each group of records takes, and who goes when it overflows. In each group the least worthy goes first: what is
 * over its time, then the farthest from `self`, then, under one key, the oldest. This peer's own records never go.
 */
export class StoreRoom {
  readonly #self: Key
  readonly #quotas: StoreQuotas
  readonly #tallies = new LateMap<string, Tally>()

  constructor(self: Key, quotas: StoreQuotas) {
    this.#self = self
    this.#quotas = quotas
  }

  /** Notes that a record is kept. */
  add(kept: KeptRecord): void {
    this.#count(kept, 1)
  }

  /** Notes that a record is gone. */
  remove(kept: KeptRecord): void {
    this.#count(kept, -1)
  }

  /** How `incoming` finds room among what is `kept`; the version it replaces does not count. One that would be the first to go is not let in. */
  plan(incoming: KeptRecord, kept: ReadonlyMap<string, KeptRecord>, unixS: number): RoomPlan {
    const victims = new Set<KeptRecord>()
    const before = kept.get(incoming.id)
    for (const { quota, name, holds } of groupsOf(incoming)) {
      let { records, bytes } = this.#tallies.get(name) ?? empty
      records += 1
      bytes += incoming.bytes
      for (const gone of before ? [before, ...victims] : victims) {
        if (!holds(gone)) continue
        records -= 1
        bytes -= gone.bytes
      }
      while (records > this.#quotas[quota].records || bytes > this.#quotas[quota].bytes) {
        const victim = quota === 'own' ? incoming : this.#leastWorthy(incoming, kept, (other) => !victims.has(other) && holds(other), unixS)
        if (victim === incoming) return { type: 'full', quota }
        victims.add(victim)
        records -= 1
        bytes -= victim.bytes
      }
    }
    return { type: 'room', victims: [...victims] }
  }

  #count(kept: KeptRecord, sign: 1 | -1): void {
    for (const { name } of groupsOf(kept)) {
      const { records, bytes } = this.#tallies.get(name) ?? empty
      if (records + sign === 0) this.#tallies.delete(name)
      else this.#tallies.set(name, { records: records + sign, bytes: bytes + sign * kept.bytes })
    }
  }

  #leastWorthy(
    incoming: KeptRecord,
    kept: ReadonlyMap<string, KeptRecord>,
    isLeft: (kept: KeptRecord) => boolean,
    unixS: number,
  ): KeptRecord {
    let least = incoming
    for (const other of kept.values()) {
      if (other.id !== incoming.id && isLeft(other) && this.#compareWorth(other, least, unixS) < 0) least = other
    }
    return least
  }

  /** Negative: `a` goes before `b`. One order for every group, so that stores near one place that heard the same keep the same. */
  #compareWorth(a: KeptRecord, b: KeptRecord, unixS: number): number {
    const difference = Number(isCurrent(a, unixS)) - Number(isCurrent(b, unixS)) || Key.compare(this.#self, b.record.key, a.record.key)
    if (difference !== 0) return difference
    if (a.record.kind !== b.record.kind) return a.record.kind < b.record.kind ? -1 : 1
    return compareRecords(a.record, b.record)
  }
}

interface Tally {
  readonly records: number
  readonly bytes: number
}

const empty: Tally = { records: 0, bytes: 0 }

interface Group {
  readonly quota: QuotaName
  readonly name: string
  readonly holds: (kept: KeptRecord) => boolean
}

/** The groups a record belongs to, the narrowest first. */
function groupsOf({ role, record, from }: KeptRecord): Group[] {
  if (role === 'own') return [{ quota: 'own', name: 'own', holds: isOwn }]
  const groups: Group[] = [{ quota: 'total', name: 'total', holds: (kept) => !isOwn(kept) }]
  if (from) groups.unshift({ quota: 'peer', name: `peer ${from.hex}`, holds: (kept) => !isOwn(kept) && kept.from?.hex === from.hex })
  if (record.kind !== 'content') {
    const holds = (kept: KeptRecord) => !isOwn(kept) && isOfPublisher(kept.record, record.publicKey)
    groups.unshift({ quota: 'publisher', name: `publisher ${printPublicKey(record.publicKey)}`, holds })
  }
  if (record.kind === 'open') {
    const holds = (kept: KeptRecord) => !isOwn(kept) && kept.record.kind === 'open' && kept.record.key.hex === record.key.hex
    groups.unshift({ quota: 'key', name: `key ${record.key.hex}`, holds })
  }
  return groups
}

function isOwn(kept: KeptRecord): boolean {
  return kept.role === 'own'
}

function isOfPublisher(record: Record, publicKey: PublicKey): boolean {
  if (record.kind === 'content') return false
  for (let place = 0; place < publicKeyBytes; place++) {
    if (record.publicKey[place] !== publicKey[place]) return false
  }
  return true
}

function isCurrent(kept: KeptRecord, unixS: number): boolean {
  return kept.dropUnixS > unixS
}
