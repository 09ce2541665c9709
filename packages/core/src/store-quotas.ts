import { Key } from './key.js'
import type { KeptRecord } from './kept-record.js'
import type { PublicKey } from './public-key.js'
import { compareRecords } from './record.js'

/** How much one group of records may take. */
export interface Quota {
  readonly records: number
  readonly bytes: number
}

/**
 * `own`: what this peer's user wrote. The others bound what is kept for strangers: from one `peer`, of one `publisher`,
 * under one open `key`, and in `total`.
 */
export type QuotaName = 'own' | 'key' | 'publisher' | 'peer' | 'total'
export type StoreQuotas = { readonly [name in QuotaName]: Quota }

const mebibyte = 2 ** 20

/**
 * A tab stays a good guest with some 10 MiB, which a start can read at once. Strangers are free to be many (keys cost nothing), so the quotas
 * of a publisher and a peer keep order among the honest; against the rest `total` and the distance hold.
 */
export const defaultStoreQuotas: StoreQuotas = {
  own: { records: 500, bytes: 2 * mebibyte },
  /** What one answer can hold: more publishers under one key would never be read. */
  key: { records: 64, bytes: 80 * 1024 },
  publisher: { records: 500, bytes: mebibyte },
  /** Half of all: in a small overlay one peer rightly brings everything. */
  peer: { records: 1_000, bytes: 4 * mebibyte },
  total: { records: 2_000, bytes: 8 * mebibyte },
}

/** What must go so that a record can come, or the quota that leaves no room for it. */
export type RoomPlan = { readonly type: 'room'; readonly victims: readonly KeptRecord[] } | { readonly type: 'full'; readonly quota: QuotaName }

/**
 * Makes room for `incoming` among `others` (without the version it replaces). In each group that overflows the least worthy goes first:
 * what is over its time, then cached copies, then under one key the oldest, elsewhere the farthest from `self`.
 * A record that would be the first to go is not let in. This peer's own records are a group apart and never go.
 */
export function planRoom(incoming: KeptRecord, others: Iterable<KeptRecord>, self: Key, quotas: StoreQuotas, unixS: number): RoomPlan {
  const rivals = [...others].filter(kept => (kept.role === 'own') === (incoming.role === 'own'))
  const victims = new Set<KeptRecord>()
  for (const { quota, holds, order } of groupsOf(incoming, self)) {
    const group = new Set(rivals.filter(kept => holds(kept) && !victims.has(kept))).add(incoming)
    let bytes = 0
    for (const kept of group) bytes += kept.bytes
    while (group.size > quotas[quota].records || bytes > quotas[quota].bytes) {
      const victim = quota === 'own' ? incoming : leastWorthy(group, order, unixS)
      if (victim === incoming) return { type: 'full', quota }
      victims.add(victim)
      group.delete(victim)
      bytes -= victim.bytes
    }
  }
  return { type: 'room', victims: [...victims] }
}

/** Negative: `a` goes before `b`. */
type Order = (a: KeptRecord, b: KeptRecord) => number

interface Group {
  readonly quota: QuotaName
  readonly holds: (kept: KeptRecord) => boolean
  readonly order: Order
}

/** The groups a record belongs to, the narrowest first. */
function groupsOf({ role, record, from }: KeptRecord, self: Key): Group[] {
  if (role === 'own') return [{ quota: 'own', holds: () => true, order: oldestFirst }]
  const farthestFirst: Order = (a, b) => Key.compare(self, b.record.key, a.record.key) || oldestFirst(a, b)
  const groups: Group[] = [{ quota: 'total', holds: () => true, order: farthestFirst }]
  if (from) groups.unshift({ quota: 'peer', holds: kept => kept.from?.equals(from) ?? false, order: farthestFirst })
  if (record.kind !== 'content') {
    const isOfPublisher = (kept: KeptRecord) => kept.record.kind !== 'content' && isSamePublicKey(kept.record.publicKey, record.publicKey)
    groups.unshift({ quota: 'publisher', holds: isOfPublisher, order: farthestFirst })
  }
  if (record.kind === 'open') {
    const isUnderKey = (kept: KeptRecord) => kept.record.kind === 'open' && kept.record.key.equals(record.key)
    groups.unshift({ quota: 'key', holds: isUnderKey, order: oldestFirst })
  }
  return groups
}

/** Under one key: the same order in every group, so that stores which heard the same agree, whatever they heard first. */
function oldestFirst(a: KeptRecord, b: KeptRecord): number {
  if (a.record.kind !== b.record.kind) return a.record.kind < b.record.kind ? -1 : 1
  return compareRecords(a.record, b.record)
}

function leastWorthy(group: Iterable<KeptRecord>, order: Order, unixS: number): KeptRecord {
  let least: KeptRecord | undefined
  for (const kept of group) {
    if (!least || (worth(kept, unixS) - worth(least, unixS) || order(kept, least)) < 0) least = kept
  }
  return least!
}

function worth(kept: KeptRecord, unixS: number): number {
  if (kept.dropUnixS <= unixS) return 0
  return kept.role === 'cached' ? 1 : 2
}

function isSamePublicKey(a: PublicKey, b: PublicKey): boolean {
  return a.every((byte, place) => byte === b[place])
}
