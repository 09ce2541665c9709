import { type Contact, contactOf, Key, publicKey, publicKeyBytes, replicas } from '@hashtab/core'
import { expect, it } from 'vitest'
import { beginsUnixMs, cheaplySigned, groundContact, outcomeOf, Simulation } from './index.js'

const seed = 7
const joinGapMs = 250
const settleMs = 60_000
/** Longer than it takes to compare a record with its replicas for the first time, several times over. */
const watchedMs = 180_000
const lookEveryMs = 5_000

it(
  `keeps a record at its replicas where these are crowded together and its key lies apart from them, seed ${seed}`,
  { timeout: 60_000 },
  () => {
    const simulation = new Simulation({ seed, latency: { model: 'lognormal', meanMs: 50 } })
    const { random } = simulation
    const corner = Key.hash(new TextEncoder().encode('corner'))
    const spread = Array.from({ length: 60 }, () => contactOf(publicKey(random.bytes(publicKeyBytes))))
    const crowd = Array.from({ length: 12 }, () => groundContact(corner, 9, random))
    const join = (contact: Contact) => {
      const peer = simulation.join({ contact, storage: undefined })
      simulation.run(joinGapMs)
      return peer
    }
    const peers = [...spread, ...crowd].map(join)
    simulation.run(settleMs)

    /** Beside the corner, so that some of the crowd are its replicas. */
    const target = corner.inBucket(4, Key.hash(new TextEncoder().encode('target')))
    const home = peers.toSorted((a, b) => Key.compare(target, a.contact.id, b.contact.id)).slice(0, replicas)
    expect(home.filter(({ contact }) => crowd.includes(contact)).length).toBeGreaterThan(2)
    const [writer] = peers.filter((peer) => !home.includes(peer))
    const { publicKey: owner } = writer!.contact
    const expiresUnixS = beginsUnixMs / 1_000 + 86_400
    const record = cheaplySigned({ kind: 'open', key: target, publicKey: owner, seq: 1n, expiresUnixS, value: new Uint8Array(1) })
    expect(outcomeOf(simulation, writer!, { type: 'write', record, all: true })).toMatchObject({ stored: replicas })
    for (let passedMs = 0; passedMs < watchedMs; passedMs += lookEveryMs) {
      simulation.run(lookEveryMs)
      expect(home.filter(({ storage }) => storage?.size === 1)).toHaveLength(replicas)
    }
  },
)
