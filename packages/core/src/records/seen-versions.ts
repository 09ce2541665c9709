import { LateMap } from '../late-map.js'
import { type Record, recordId } from './record.js'
import { type VersionDigest, versionDigest } from './record-version.js'

/** Records whose newest version is remembered: twice what is kept, at some 100 bytes each. */
export const seenVersionsMax = 4_096

interface Seen {
  readonly seq: bigint
  readonly version: VersionDigest
}

/** The newest version seen of records that may change, kept or not, for the `seenVersionsMax` last ids. */
export class SeenVersions {
  /** By the record's id, the longest unseen first. */
  readonly #seen = new LateMap<string, Seen>()

  seqOf(id: string): bigint | undefined {
    return this.#seen.get(id)?.seq
  }

  /** Whether a newer version of it was seen: of two with one seq, too, so that a reader does not go back and forth between them. */
  isOlder(record: Record): boolean {
    const seen = this.#seen.get(recordId(record))
    return (
      seen !== undefined &&
      record.kind !== 'content' &&
      (record.seq < seen.seq || (record.seq === seen.seq && versionDigest(record) < seen.version))
    )
  }

  /** Content has no versions. */
  note(record: Record): void {
    if (record.kind === 'content') return
    const id = recordId(record)
    const seen = this.isOlder(record) ? this.#seen.get(id)! : { seq: record.seq, version: versionDigest(record) }
    this.#seen.keep(id, seen, seenVersionsMax)
  }
}
