import type { Contact, Message } from '@hashtab/core'
import type { EventHeap } from './event-heap.js'
import type { LinkEnd } from './virtual-network.js'
import type { VirtualPeer, Wake } from './virtual-peer.js'

/** Something that comes to pass in virtual time. */
export type Happening =
  | Wake
  | { readonly type: 'message'; readonly to: LinkEnd; readonly message: Message }
  /** `deadline`: the time for setting a link up is over. */
  | { readonly type: 'described' | 'opened' | 'troubled' | 'closed' | 'deadline'; readonly end: LinkEnd }
  /** The doings of the meeting point of this number: who is there, a letter, and the end of a newcomer's grace. */
  | { readonly type: 'met'; readonly point: number; readonly peer: VirtualPeer; readonly contacts: readonly Contact[] }
  | { readonly type: 'carried'; readonly point: number; readonly peer: VirtualPeer; readonly sealed: Uint8Array }
  | { readonly type: 'graceOver'; readonly point: number; readonly peer: VirtualPeer }
  /** A peer looks for company at its meeting points, if it is still alone or was asked to. */
  | { readonly type: 'seeks'; readonly peer: VirtualPeer; readonly drawn: boolean }
  | { readonly type: 'gone'; readonly peer: VirtualPeer }
  | { readonly type: 'errand'; readonly errand: Errand }

/** What the scenario does to the peers: churn, reads, writes. */
export interface Errand {
  run(nowMs: number): void
}

export type Schedule = EventHeap<Happening>
