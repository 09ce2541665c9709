import { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import type { Record } from '../records/record.js'
import { replicas, type StoreOrder } from '../wire/message.js'
import type { Kept, PlacementSeek, PlacementsEvent } from './placements.js'

/** What an arrival is judged by. */
export interface ArrivalHost {
  readonly self: Contact
  readonly table: RoutingTable
  /** The other peers closest to a key that count as its replicas. */
  closestReplicas(key: Key): readonly Contact[]
  holds(record: Record, isAsked: boolean): boolean
  /** Keeps it here, as one of its replicas, unless it does not hold, is old, or has no room. `from`: the peer it came over. */
  keepArrived(order: StoreOrder, from: Key, nowMs: number): Kept
}

type Arrived = Extract<PlacementsEvent, { type: 'arrived' }>

/** A record arrives where its seek ends: it is kept if this peer is one of its replicas, and who the others are, without the writer, is found out. */
export function arrive(seek: PlacementSeek, host: ArrivalHost, nowMs: number): Arrived {
  const { self, table } = host
  const { target, path, store } = seek
  const serving = table.role === 'full' ? [self] : []
  const known = [...serving, ...host.closestReplicas(target)].sort((a, b) => Key.compare(target, a.id, b.id))
  const placed = known.slice(0, replicas).filter(({ id }) => !id.equals(path[0]!))
  const others = placed.filter((contact) => contact !== self)
  const isReplica = others.length < placed.length
  const kept = isReplica ? host.keepArrived(store, path.at(-1)!, nowMs) : undefined
  const isTrue = isReplica || host.holds(store.record, false)
  return {
    type: 'arrived',
    seek,
    kept,
    others: isTrue ? others.map((contact) => ({ contact, route: table.routeTo(contact.id) ?? [] })) : [],
  }
}
