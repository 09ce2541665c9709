import { decodeUtf8, isMalformed, printPublicKey, type Record, type SignedRecord } from '@hashtab/core'

/** One record as an app sees it. */
export interface Entry {
  readonly value: Uint8Array
  /** The value as UTF-8; what is no UTF-8 shows as an empty string. */
  readonly text: string
  /** Who wrote it: 64 hex digits. Proved by its signature. */
  readonly publisher: string
  readonly seq: bigint
  readonly expires: Date
}

export function entryOf(record: SignedRecord): Entry {
  return {
    value: record.value,
    get text() {
      const text = decodeUtf8(record.value)
      return isMalformed(text) ? '' : text
    },
    publisher: printPublicKey(record.publicKey),
    seq: record.seq,
    expires: new Date(record.expiresUnixS * 1_000),
  }
}

/** The entries of these records, without the deleted ones. */
export function entriesOf(records: readonly Record[]): Entry[] {
  return records.flatMap((record) => (record.kind === 'content' || record.value.length === 0 ? [] : [entryOf(record)]))
}
