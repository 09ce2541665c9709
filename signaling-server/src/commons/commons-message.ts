import {
  bytes,
  decode,
  encode,
  type Field,
  hex,
  integer,
  introductionLetterBytesMax,
  list,
  type Malformed,
  malformed,
  type PublicKey,
  publicKeyField,
  required,
  tagged,
} from '@hashtab/core'
import { peersMax } from '@hashtab/signaling/protocol'

/** What one server says on the channel of a peer: to the server where that one is. */
export type CommonsMessage =
  /** For the peer. Opaque, as ever. */
  | { readonly type: 'letter'; readonly letter: Uint8Array }
  /** These have come here; the peer is to know them. */
  | { readonly type: 'peers'; readonly peers: readonly PublicKey[] }
  /** The peer itself came in at `server` at `atMs` (Unix milliseconds by the clock of what connects the servers). The latest stay counts. */
  | { readonly type: 'came'; readonly server: string; readonly atMs: number }

/** Bytes of the name that a server process draws for itself. */
export const serverNameBytes = 8
/** Until the year 10889. */
const unixMsMax = 2 ** 48
/** A message, its list. */
const depthMax = 2
/** Bytes of a message: a letter and some words around it. */
export const commonsMessageBytesMax = introductionLetterBytesMax + 64

const commonsMessage: Field<CommonsMessage> = tagged('type', 'type', {
  letter: { letter: required('letter', bytes(1, introductionLetterBytesMax)) },
  peers: { peers: required('peers', list(publicKeyField, peersMax)) },
  came: { server: required('server', hex(serverNameBytes)), atMs: required('at', integer(0, unixMsMax)) },
})

export function encodeCommonsMessage(message: CommonsMessage): Uint8Array {
  return encode(commonsMessage.write(message))
}

/** Judges what came over the wire that connects the servers. Never throws. */
export function decodeCommonsMessage(received: Uint8Array): CommonsMessage | Malformed {
  return received.length > commonsMessageBytesMax ? malformed('too long') : commonsMessage.read(decode(received, { depthMax }))
}
