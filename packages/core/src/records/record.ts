import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type BencodeValue, encode } from '../bencode/bencode.js'
import { Key, keyBytes } from '../keys/key.js'
import { type PublicKey, printPublicKey, type Signature } from '../keys/public-key.js'
import { encodeUtf8 } from '../bencode/utf8.js'

/** What the table keeps. A record is immutable and proves itself: see `judgeRecord`. */
export type Record = ContentRecord | SignedRecord
export type RecordKind = Record['kind']

/** Bytes filed under their own hash: the key is the first 20 bytes of the address, their whole SHA-256. */
export interface ContentRecord {
  readonly kind: 'content'
  readonly key: Key
  /** At most `contentBytesMax` bytes. */
  readonly value: Uint8Array
}

/**
 * A BEP 44 mutable item whose value is a dictionary of an expiry and bytes.
 * `owned`: filed under SHA-1(public key ‖ salt), BEP 44's target. `open`: filed under the first 20 bytes of its salt, one for each publisher.
 * The bytes do not say which: whoever asks or stores does, and the same item may serve as both.
 */
export interface SignedRecord {
  readonly kind: 'owned' | 'open'
  readonly key: Key
  readonly publicKey: PublicKey
  /** At most `saltBytesMax` bytes. */
  readonly salt: Uint8Array
  /** 0 to `seqMax`. */
  readonly seq: bigint
  readonly expiresUnixS: number
  /** At most `signedPayloadBytesMax` bytes. Empty: deleted. */
  readonly value: Uint8Array
  /** The bencoded dictionary of expiry and value, exactly as signed. */
  readonly v: Uint8Array
  readonly signature: Signature
}

/** Bytes of content in one record: fits in one message of 32 KiB with its envelope. */
export const contentBytesMax = 16 * 1024
/** Bytes of `v`, bencoded: BEP 44's bound, above which others answer 205. */
export const signedValueBytesMax = 1_000
/** Bytes of value that fit in `v` beside the expiry and the brackets. */
export const signedPayloadBytesMax = signedValueBytesMax - 24
/** Bytes of salt: BEP 44's bound, above which others answer 207. */
export const saltBytesMax = 64
/** BEP 44: a sequence number fits a signed 64-bit integer. */
export const seqMax = 2n ** 63n - 1n
/** Seconds an expiry may lie ahead: seven days bound what a store is asked to keep for somebody who never comes back. */
export const expiryAheadMaxS = 7 * 86_400
/** An expiry has at most ten digits (until the year 2286), so that `signedPayloadBytesMax` always fits. */
export const expiresUnixSMax = 9_999_999_999

/** The content record of these bytes. Throws a `RangeError` beyond `contentBytesMax`. */
export function contentRecord(value: Uint8Array): ContentRecord {
  if (value.length > contentBytesMax) throw new RangeError(`Content has at most ${contentBytesMax} bytes, not ${value.length}.`)
  return { kind: 'content', key: Key.hash(value), value }
}

/** The address of content: its whole SHA-256, 32 bytes. A reader compares all of it. */
export function contentAddress(value: Uint8Array): Uint8Array {
  return sha256(value)
}

/** Where an owned record lies: SHA-1(public key ‖ salt), BEP 44's target of a mutable item. */
export function ownedKey(publicKey: PublicKey, salt: Uint8Array): Key {
  return Key.fromBytes(sha1.create().update(publicKey).update(salt).digest())
}

/** Where an open record with this salt lies: its first 20 bytes; undefined when there are fewer. */
export function openKey(salt: Uint8Array): Key | undefined {
  return salt.length < keyBytes ? undefined : Key.fromBytes(salt.subarray(0, keyBytes))
}

/** What a signature is over: BEP 44's `4:salt<n>:<salt>3:seqi<seq>e1:v<v>`, the salt left out when it is empty. */
export function signedBytes({ salt, seq, v }: Pick<SignedRecord, 'salt' | 'seq' | 'v'>): Uint8Array {
  const saltPart = salt.length === 0 ? [] : [encodeUtf8('4:salt'), encode(salt)]
  return joined([...saltPart, encodeUtf8('3:seq'), encode(seq), encodeUtf8('1:v'), v])
}

/** What `v` says, as BEP 44 carries it: `e`, the expiry in unix seconds, and `v`, the value. */
export function signedValue(expiresUnixS: number, value: Uint8Array): ReadonlyMap<string, BencodeValue> {
  return new Map<string, BencodeValue>([
    ['e', expiresUnixS],
    ['v', value],
  ])
}

/** Names a record within one store: two records of one id are versions of the same. An open record's id holds its publisher too. */
export function recordId(record: Record): string {
  if (record.kind === 'open') return `open ${record.key.hex} ${printPublicKey(record.publicKey)}`
  return `${record.kind} ${record.key.hex}`
}

/**
 * Which of two versions of one record every store keeps: positive when `a`, negative when `b`, 0 when they are the same bytes.
 * The higher seq; at one seq (two tabs of one user at once) the larger SHA-256 of what was signed and the signature.
 */
export function compareRecords(a: Record, b: Record): number {
  if (a === b) return 0
  const seqs = seqOf(a) - seqOf(b)
  if (seqs !== 0n) return seqs > 0n ? 1 : -1
  const [left, right] = [canonicalBytes(a), canonicalBytes(b)]
  return compareBytes(left, right) === 0 ? 0 : compareBytes(sha256(left), sha256(right))
}

/** The SHA-256 of what was signed and the signature (of content: of the content): which of two versions of one seq stays. */
export function recordHash(record: Record): Uint8Array {
  return sha256(canonicalBytes(record))
}

/** Whether a record of this seq stands against a write on the condition of `ifSeq` (BEP 44, `cas`): a higher one does, against 0n ("none") any. */
export function contradictsIfSeq(seq: bigint, ifSeq: bigint | undefined): boolean {
  return ifSeq !== undefined && (seq > ifSeq || ifSeq === 0n)
}

function seqOf(record: Record): bigint {
  return record.kind === 'content' ? 0n : record.seq
}

function canonicalBytes(record: Record): Uint8Array {
  if (record.kind === 'content') return record.value
  return joined([record.publicKey, record.signature, signedBytes(record)])
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!
  }
  return a.length - b.length
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
