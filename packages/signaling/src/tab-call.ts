import {
  bytes,
  decode,
  encode,
  type Field,
  introductionLetterBytesMax,
  type Key,
  keyField,
  malformed,
  type Malformed,
  type PublicKey,
  publicKeyField,
  required,
  tagged,
} from '@hashtab/core'

/** What tabs call out to each other, in bencode; `to` says whom it concerns. */
export type TabCall =
  /** I have come. */
  | { readonly type: 'here'; readonly publicKey: PublicKey }
  /** So am I. */
  | { readonly type: 'present'; readonly to: Key; readonly publicKey: PublicKey }
  | { readonly type: 'letter'; readonly to: Key; readonly letter: Uint8Array }

const to = required('to', keyField)
const publicKey = required('key', publicKeyField)
const call: Field<TabCall> = tagged('type', 'type', {
  here: { publicKey },
  present: { to, publicKey },
  letter: { to, letter: required('letter', bytes(1, introductionLetterBytesMax)) },
})

/** Bytes of one call: a letter, the key it goes to, and what bencode adds (about 50). */
const callBytesMax = introductionLetterBytesMax + 128

export function encodeTabCall(said: TabCall): Uint8Array {
  return encode(call.write(said))
}

/** Judges what was called out on the channel. Never throws. */
export function decodeTabCall(heard: Uint8Array): TabCall | Malformed {
  return heard.length > callBytesMax ? malformed('too long') : call.read(decode(heard))
}
