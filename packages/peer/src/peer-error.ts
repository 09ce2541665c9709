/**
 * Why an operation failed. Stable: programs may switch on it.
 *
 * - `no-peers`: nobody is linked, and nothing is known here.
 * - `unreachable`: the peer was not found, or does not answer; of `exportIdentity` and `importIdentity`: the page's server, for the code they need.
 * - `timed-out`: no answer within the operation's time.
 * - `too-large`: more bytes than this call takes.
 * - `not-stored`: peers are there, but none confirmed the record.
 * - `cas-mismatch`: the record has another seq than `ifSeq` said.
 * - `quota`: no room: every replica, this peer's own store, or what the browser gives this site is full.
 * - `queue-full`: more was sent on a channel than it takes before the other end does, or more messages are on their way, or channels open, than one peer has: await each `send`.
 * - `closed`: the channel is closed; of identities: the browser took the storage away (site data cleared).
 * - `left`: this peer has left the table.
 * - `invalid`: an argument is not what it should be.
 * - `damaged`: a text is no exported identity, or not all of it is there unchanged.
 * - `wrong-passphrase`: the passphrase does not open an exported identity.
 * - `identity-kept`: another identity is kept where one was to be imported.
 * - `not-exportable`: there is no such identity, or its key was made to stay.
 * - `unavailable`: there is no place to keep an identity: Node, a private window.
 */
export type PeerErrorCode =
  | 'no-peers'
  | 'unreachable'
  | 'timed-out'
  | 'too-large'
  | 'not-stored'
  | 'cas-mismatch'
  | 'quota'
  | 'queue-full'
  | 'closed'
  | 'left'
  | 'invalid'
  | 'damaged'
  | 'wrong-passphrase'
  | 'identity-kept'
  | 'not-exportable'
  | 'unavailable'

/** The one error class of this package. Its message says what to do next. */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly code: PeerErrorCode

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
