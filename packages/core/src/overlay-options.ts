import type { Contact, Verify } from './keys/public-key.js'
import type { LateParts } from './late-parts.js'
import type { Sealing } from './links/introduction-seal.js'
import type { LinkLimits } from './links/link-policy.js'

/** What a peer of the table is made of. */
export interface OverlayOptions {
  /** Who this peer is. */
  readonly contact: Contact
  /** The one judge of signatures. */
  readonly verify: Verify
  /** `latePartsWith` a cipher suite. Left out: they come as an event, and what needs them waits, or is refused for now. */
  readonly late?: LateParts
  /** `sealingWith` a cipher suite. Left out: it comes as an event, and no link is made before. */
  readonly sealing?: Sealing
  /** `length` bytes that nobody can foretell. */
  readonly random: (length: number) => Uint8Array
  readonly nowMs: number
  /** Wall-clock milliseconds since 1970 at `nowMs`. */
  readonly unixMs: number
  readonly limits?: LinkLimits
}
