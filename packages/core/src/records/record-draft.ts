import { encode } from '../bencode/bencode.js'
import type { Key } from '../keys/key.js'
import type { PublicKey, Signature } from '../keys/public-key.js'
import {
  expiresUnixSMax,
  openKey,
  ownedKey,
  saltBytesMax,
  seqMax,
  signedBytes,
  type SignedRecord,
  signedPayloadBytesMax,
  signedValue,
} from './record.js'

/** A signed record that lacks its signature, which is to be made over `signedBytes`. */
export interface RecordDraft {
  readonly record: Omit<SignedRecord, 'signature'>
  readonly signedBytes: Uint8Array
}

/** What its writer says of a record: under a name of their own, or under a key that is everybody's (and a `rest` of salt, for what a later version may need). */
export type RecordWish = {
  readonly publicKey: PublicKey
  /** 0 to `seqMax`. */
  readonly seq: bigint
  readonly expiresUnixS: number
  /** At most `signedPayloadBytesMax` bytes; empty to delete. */
  readonly value: Uint8Array
} & ({ readonly kind: 'owned'; readonly salt: Uint8Array } | { readonly kind: 'open'; readonly key: Key; readonly rest?: Uint8Array })

/** Drafts the record somebody wishes for. Throws a `RangeError` at a value, salt, seq or expiry out of bounds. */
export function draftSigned(wish: RecordWish): RecordDraft {
  const { kind, publicKey, seq, expiresUnixS, value } = wish
  const salt = kind === 'owned' ? wish.salt : openSalt(wish.key, wish.rest)
  if (value.length > signedPayloadBytesMax) throw new RangeError(`A value has at most ${signedPayloadBytesMax} bytes, not ${value.length}.`)
  if (salt.length > saltBytesMax) throw new RangeError(`A salt has at most ${saltBytesMax} bytes, not ${salt.length}.`)
  if (seq < 0n || seq > seqMax) throw new RangeError(`A seq is 0 to ${seqMax}, not ${seq}.`)
  if (!Number.isInteger(expiresUnixS) || expiresUnixS < 0 || expiresUnixS > expiresUnixSMax) {
    throw new RangeError(`An expiry is in whole seconds, not ${expiresUnixS}.`)
  }
  const key = kind === 'owned' ? ownedKey(publicKey, salt) : openKey(salt)!
  const v = encode(signedValue(expiresUnixS, value))
  return { record: { kind, key, publicKey, salt, seq, expiresUnixS, value, v }, signedBytes: signedBytes({ salt, seq, v }) }
}

/** The record, complete. Whether the signature is good, `judgeRecord` says. */
export function withSignature(draft: RecordDraft, signature: Signature): SignedRecord {
  return { ...draft.record, signature }
}

function openSalt(key: Key, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = key.toBytes()
  const salt = new Uint8Array(head.length + rest.length)
  salt.set(head)
  salt.set(rest, head.length)
  return salt
}
