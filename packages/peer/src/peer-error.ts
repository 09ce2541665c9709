/**
 * Why an operation failed. Stable: programs may switch on it.
 *
 * - `no-peers`: nobody is linked, and nothing is known here.
 * - `unreachable`: the peer was not found, or does not answer.
 * - `timed-out`: no answer within the operation's time.
 * - `too-large`: more bytes than this call takes.
 * - `not-stored`: peers are there, but none confirmed the record.
 * - `cas-mismatch`: the record has another seq than `ifSeq` said.
 * - `quota`: no room: every replica, or this peer's own store, is full.
 * - `queue-full`: more was sent on a channel than it takes before the other end does: await each `send`.
 * - `closed`: the channel is closed.
 * - `left`: this peer has left the table.
 * - `invalid`: an argument is not what it should be.
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

/** The one error class of this package. Its message says what to do next. */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly code: PeerErrorCode

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
