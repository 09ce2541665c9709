import { decode, encode, encodedLength } from '../bencode/bencode.js'
import { dictionary, optional, required } from '../bencode/dictionary-shape.js'
import { integer, keyField, oneOf } from '../bencode/field.js'
import type { Key } from '../keys/key.js'
import { isMalformed, type Malformed } from '../bencode/malformed.js'
import { encodeRecord, recordField } from './record-codec.js'
import { expiresUnixSMax, expiryAheadMaxS, type Record, recordId } from './record.js'

/**
 * Why a store has a record. `own`: this peer's user wrote it, and it is never dropped for want of room. `replica`: this peer is, or was,
 * among the closest to its key.
 */
export type Role = 'own' | 'replica'

/** A record in a store. Immutable: a change is a new one under the same id. */
export interface KeptRecord {
  readonly id: string
  readonly record: Record
  readonly role: Role
  /** The peer that brought it; missing when this peer made it. */
  readonly from?: Key
  readonly receivedUnixS: number
  /** When it goes: its expiry; of content, some time after it was last brought. */
  readonly dropUnixS: number
  /** Its length on the wire and on the disk. */
  readonly bytes: number
}

/** Seconds that content is kept after it was last brought: as long as the longest expiry. */
export const contentKeepS = expiryAheadMaxS

/** Where a record came from, and as what it is kept. */
export interface RecordSource {
  readonly role: Role
  readonly from?: Key
}

export function keptRecord(record: Record, source: RecordSource, unixS: number): KeptRecord {
  const { role, from } = source
  return {
    id: recordId(record),
    record,
    role,
    ...(from && { from }),
    receivedUnixS: unixS,
    dropUnixS: record.kind === 'content' ? unixS + contentKeepS : record.expiresUnixS,
    bytes: encodedLength(encodeRecord(record)),
  }
}

const storedRecord = dictionary({
  record: required('r', recordField),
  role: required('w', oneOf('own', 'replica')),
  from: optional('f', keyField),
  receivedUnixS: required('t', integer(0, expiresUnixSMax)),
  dropUnixS: required('d', integer(0, 2 * expiresUnixSMax)),
})

/** The bytes under which storage keeps it. */
export function encodeStored(kept: KeptRecord): Uint8Array {
  return encode(storedRecord.write(kept))
}

/** What `encodeStored` made, or `Malformed` (another version wrote it, or the disk is damaged). The signature is not judged again. */
export function decodeStored(bytes: Uint8Array): KeptRecord | Malformed {
  const stored = storedRecord.read(decode(bytes))
  if (isMalformed(stored)) return stored
  return { ...stored, id: recordId(stored.record), bytes: encodedLength(encodeRecord(stored.record)) }
}
