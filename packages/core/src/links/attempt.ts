import type { ExchangeKey, ExchangeSecret } from '../keys/cipher-suite.js'
import type { Contact } from '../keys/public-key.js'
import type { Carriage, Nonce, Why } from '../wire/letter.js'
import type { IntroductionSeal } from './introduction-seal.js'
import type { LinkId } from './routing-table.js'

/**
 * `knocking`: we knocked, and wait for an offer. `ready`: agreed, waits for its turn to make a connection.
 * `settingUp`: a connection is being made.
 */
export type AttemptState = 'knocking' | 'ready' | 'settingUp'

/** One attempt at a link, and where it stands: see `Introductions`. */
export interface Attempt {
  readonly contact: Contact
  readonly link: LinkId
  readonly why: Why
  readonly nonce: Nonce
  /** When the other end says that it knocked; undefined: we did. */
  readonly knockedUnixS: number | undefined
  offerNonce: Nonce | undefined
  readonly offering: boolean
  state: AttemptState
  /** Carriages not tried yet (knocking), or the one that works (later). */
  carriages: readonly Carriage[]
  deadlineMs: number
  /** For this attempt alone: forgotten with it. */
  readonly secret: ExchangeSecret
  /** Made of it when it is needed. */
  seal: IntroductionSeal | undefined
  /** What the other end's knock told (offering). */
  readonly theirKey: ExchangeKey | undefined
  /** The other end's description, once it came and until the transport has it. */
  description: Uint8Array | undefined
  /** The transport has the other end's description. */
  described: boolean
  /** Candidates that came before the description they belong to, still sealed. */
  early: { readonly offerNonce: Nonce; readonly sealed: Uint8Array }[]
}
