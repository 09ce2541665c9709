import { decodeStored, isMalformed } from '@hashtab/core'
import type { VirtualPeer } from './virtual-peer.js'
import type { Written } from './workload.js'

/** Where the confirmed records are. */
export interface RecordCensus {
  /** Records that a replica once confirmed. */
  readonly confirmed: number
  /** No live peer has them in the confirmed version or a newer one. */
  readonly lost: readonly string[]
  readonly copiesMean: number
  readonly copiesMin: number
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
  return {
    confirmed: confirmed.length,
    lost: [...copies].filter(([, count]) => count === 0).map(([id]) => id),
    copiesMean: counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length),
    copiesMin: counts.length === 0 ? 0 : Math.min(...counts),
    outdated,
  }
}
