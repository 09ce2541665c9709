import type { Contact, Overlay } from '@hashtab/core'
import type { LinkEnd } from './virtual-network.js'

/** What of a peer outlives its tab: who it is, and what its storage has. */
export interface Identity {
  readonly contact: Contact
  readonly storage: Map<string, Uint8Array>
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
  readonly storage: Map<string, Uint8Array>
  readonly overlay: Overlay
  /** By the overlay's own number of the link; of attempts and of open links. */
  readonly ends = new Map<number, LinkEnd>()
  /** The one entry for its wake-ups, shared by all of them. */
  readonly wake: Wake = { type: 'wake', peer: this }
  alive = true
  /** The wake-up that counts; others in the heap are leftovers. */
  wakeAtMs = Infinity
  /** Links that are open, by what the overlay was told. */
  openLinks = 0
  /** Looking for company at the meeting point, again and again until it is linked. */
  seeking = false
  /** Where it stands in the list of those alive. */
  place = -1

  constructor(index: number, identity: Identity, overlay: Overlay) {
    this.index = index
    this.contact = identity.contact
    this.storage = identity.storage
    this.overlay = overlay
  }
}
