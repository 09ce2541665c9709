import { type Contact, contactOf, type Overlay, publicKey, publicKeyBytes } from '@hashtab/core'
import type { Conduct } from './adversaries/conduct.js'
import type { Happening } from './happening.js'
import type { Site } from './site.js'
import type { MeetingPoint } from './meeting-point.js'
import type { RandomSource } from './random-source.js'
import type { LinkEnd } from './virtual-network.js'

/** What of a peer outlives its tab: who it is, and what its storage has. */
export interface Identity {
  readonly contact: Contact
  readonly storage: Map<string, Uint8Array> | undefined
  /** How its driver misbehaves; left out: it is honest. */
  readonly conducts?: readonly Conduct[] | undefined
}

export function newcomer(random: RandomSource): Identity {
  return { contact: contactOf(publicKey(random.bytes(publicKeyBytes))), storage: undefined }
}

/** A peer's wake-up. Leftovers of one that is gone may lie in the heap for long, so it lets go of the peer. */
export interface Wake {
  readonly type: 'wake'
  peer: VirtualPeer | undefined
}

/** One simulated tab: a real overlay, and its ends of links. Holds no timer and no closure, so that a million fit in one process. */
export class VirtualPeer implements Identity {
  readonly index: number
  readonly contact: Contact
  readonly conducts: readonly Conduct[] | undefined
  readonly overlay: Overlay
  readonly site: Site
  storage: Map<string, Uint8Array> | undefined
  /** By the overlay's own number of the link; of attempts and of open links. Undefined: it never had one but those laid out. */
  ends: Map<number, LinkEnd> | undefined
  /** Where it looks for company: one list for all who are told of no other place. */
  points: readonly MeetingPoint[]
  /** The one entry for its wake-ups, shared by all of them. */
  wake: Wake | undefined
  alive = true
  /** Its first links were laid out, and are looked up in one table for all (`LaidOutLinks`) until they are used. */
  wasLaidOut = false
  /** The wake-up that counts; others in the heap are leftovers. */
  wakeAtMs = Infinity
  /** Links that are open, by what the overlay was told. */
  openLinks = 0
  /** The most peers that a meeting point has named to it at once. */
  named = 0
  /** Looking for company at its meeting points, again and again until it is in. */
  seeking = false
  /** Where it stands in the list of those alive. */
  place = -1
  /** When its uplink has sent all that was given to it. */
  uplinkFreeMs = 0
  /** Frozen: what waits for it to thaw; else undefined. */
  frozen: Happening[] | undefined

  constructor(index: number, identity: Identity, overlay: Overlay, site: Site, points: readonly MeetingPoint[]) {
    this.index = index
    this.contact = identity.contact
    this.conducts = identity.conducts
    this.storage = identity.storage
    this.overlay = overlay
    this.site = site
    this.points = points
  }

  has(recordId: string): boolean {
    return this.storage?.has(recordId) ?? false
  }
}
