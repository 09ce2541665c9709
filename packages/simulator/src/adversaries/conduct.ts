import type { OverlayEffect, OverlayEvent } from '@hashtab/core'
import type { HostileOverlay } from './hostile-overlay.js'

/** One way of misbehaving. A hostile peer may have several; what one lets pass, the next gets to see. */
export interface Conduct {
  /** Something comes in. What the overlay is told of it; undefined: nothing. */
  hears?(event: OverlayEvent, self: HostileOverlay): OverlayEvent | undefined
  /** The overlay orders something. What is done; undefined: nothing. */
  orders?(effect: OverlayEffect, self: HostileOverlay): OverlayEffect | undefined
  /** What it does of its own accord, and how often. */
  acts?(self: HostileOverlay): void
  readonly actsEveryMs?: number
}
