import { decodeStored, isMalformed, Key, replicas } from '@hashtab/core'
import { mean } from './lookup-tally.js'
import type { VirtualPeer } from './virtual-peer.js'
import type { Written } from './workload.js'

/** Where the confirmed records are. */
export interface RecordCensus {
  /** Records that a replica once confirmed. */
  readonly confirmed: number
  /** No live peer has them in the confirmed version or a newer one. */
  readonly lost: readonly string[]
  /** Copies on all live peers. */
  readonly copiesMean: number
  readonly copiesMin: number
  /** Copies on the live peers closest to the key, where lookups end: as many as `replicas` when all is well. */
  readonly replicasMean: number
  readonly replicasMin: number
  /** Live copies of a version older than the confirmed one. */
  readonly outdated: number
}

/** Looks through what every live peer has in its storage. */
export function takeCensus(peers: readonly VirtualPeer[], written: readonly Written[]): RecordCensus {
  const confirmed = written.filter((one) => one.confirmed !== undefined)
  const copies = new Map(confirmed.map(({ id }) => [id, 0]))
  const wanted = new Map(confirmed.map(({ id, confirmed: seq }) => [id, seq!]))
  let outdated = 0
  for (const { storage } of peers) {
    if (storage)
      for (const [id, bytes] of storage) {
        const seq = wanted.get(id)
        if (seq === undefined) continue
        const stored = decodeStored(bytes)
        if (isMalformed(stored)) throw new Error(`A stored record does not read: ${stored.malformed}`)
        if (stored.record.kind !== 'content' && stored.record.seq < seq) outdated += 1
        else copies.set(id, copies.get(id)! + 1)
      }
  }
  const counts = [...copies.values()]
  const atHome = confirmed.map(({ id, key }) => closestPeers(peers, key).filter((peer) => peer.has(id)).length)
  return {
    confirmed: confirmed.length,
    lost: [...copies].filter(([, count]) => count === 0).map(([id]) => id),
    copiesMean: mean(counts),
    copiesMin: least(counts),
    replicasMean: mean(atHome),
    replicasMin: least(atHome),
    outdated,
  }
}

function closestPeers(peers: readonly VirtualPeer[], key: Key): VirtualPeer[] {
  return peers.toSorted((a, b) => Key.compare(key, a.contact.id, b.contact.id)).slice(0, replicas)
}

function least(counts: readonly number[]): number {
  return counts.reduce((a, b) => Math.min(a, b), Infinity)
}
