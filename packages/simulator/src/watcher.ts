import type { Message, OverlayEffect } from '@hashtab/core'
import type { VirtualPeer } from './virtual-peer.js'

export type Finish = Extract<OverlayEffect, { type: 'finish' }>

/** Told of what the overlays report; one for all peers. */
export interface Watcher {
  finished(peer: VirtualPeer, finish: Finish): void
  /** One hop of a message. */
  sent(message: Message, to: VirtualPeer, bytes: number): void
  /** A peer's watch was told of a record. */
  watched?(peer: VirtualPeer, watched: Extract<OverlayEffect, { type: 'watched' }>): void
}
