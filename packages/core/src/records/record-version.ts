import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeUtf8 } from '../bencode/utf8.js'
import { type Record, recordHash } from './record.js'

/** Names one version of one record in 8 bytes, held as 16 hex digits. */
export type VersionDigest = string
/** What is kept is compared every few minutes, and never changes. */
const versionDigests = new WeakMap<Record, VersionDigest>()
export const versionDigestBytes = 8

/** Bytes of a digest over versions: two sets are taken for the same by chance once in 2⁶⁴, and until the next change. */
export const versionsDigestBytes = 8

/** Which version of its record this is, as text: the greater of two texts is the one that `compareRecords` keeps. 16 hex digits of the seq, 16 of its hash. */
export function recordVersion(record: Record): string {
  const seq = record.kind === 'content' ? 0n : record.seq
  return seq.toString(16).padStart(16, '0') + bytesToHex(recordHash(record).subarray(0, 8))
}

/** One name for all versions of a set, given by record id: the same for the same set. 16 hex digits. */
export function versionsDigest(versions: Iterable<readonly [id: string, version: string]>): string {
  const lines = Array.from(versions, ([id, version]) => `${id} ${version}\n`).sort()
  return bytesToHex(sha256(encodeUtf8(lines.join(''))).subarray(0, versionsDigestBytes))
}

/** The first bytes of a record's hash: its key, its publisher, its seq and its value are all in it. */
export function versionDigest(record: Record): VersionDigest {
  let digest = versionDigests.get(record)
  if (digest === undefined) versionDigests.set(record, (digest = bytesToHex(recordHash(record).subarray(0, versionDigestBytes))))
  return digest
}
