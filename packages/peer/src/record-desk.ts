import {
  contentAddress,
  contentBytesMax,
  contentRecord,
  draftSigned,
  expiryAheadMaxS,
  type Key,
  Key as KeyOf,
  keyBytes,
  ownedKey,
  type PublicKey,
  type Record,
  recordId,
  saltBytesMax,
  signedPayloadBytesMax,
  withSignature,
  type Written,
} from '@hashtab/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { CallOptions, Calls } from './calls.js'
import { bytesOf, type Data, fixedHex } from './data.js'
import type { Driver } from './driver.js'
import { entriesOf, type Entry } from './entry.js'
import { PeerError } from './peer-error.js'
import type { Clock } from './ports/clock.js'
import type { Signer } from './ports/signer.js'

export interface StoreOptions extends CallOptions {
  /** Resolve once most of the replicas have confirmed, as is usual, and leave the rest to them; or once `all` were heard, and another peer has found it there. */
  readonly confirmedBy?: 'most' | 'all'
}

export interface WriteOptions extends StoreOptions {
  /** Seconds until the record expires: 1 day unless said, 7 days at most. */
  readonly expiresInS?: number
  /** Whose record it is: this peer's, unless said. */
  readonly signer?: Signer
  /**
   * Only where the record has this seq now (BEP 44, `cas`); 0n: only where there is none, or none any more: expired, or deleted.
   * Nothing is written while nobody is there to say so: `no-peers`.
   */
  readonly ifSeq?: bigint
}

export interface WriteResult {
  readonly seq: bigint
  /** Replicas that have confirmed by now, this peer included where it is one. */
  readonly stored: number
  /** Replicas there are, this peer included where it is one. */
  readonly wanted: number
  /** No other peer has it: the record is kept here, and stored when peers come. */
  readonly pending: boolean
  /** Peers crowd around the record's key as they hardly would by chance (less than one key in a hundred): whoever made them may hide what was written. Write it under another key, too. */
  readonly crowded: boolean
}

const defaultExpiryS = 86_400
/** Times that a writer whose seq turns out to be old signs anew with a higher one. */
const writeTriesMax = 3

/** Writing and reading records: signs, numbers, and says in the app's words what became of it. */
export class RecordDesk {
  readonly #driver: Driver
  readonly #calls: Calls
  readonly #signer: Signer
  readonly #clock: Clock
  readonly #lastSeqs = new Map<string, bigint>()

  constructor(driver: Driver, calls: Calls, signer: Signer, clock: Clock) {
    this.#driver = driver
    this.#calls = calls
    this.#signer = signer
    this.#clock = clock
  }

  put(key: Key, value: Data, options: WriteOptions): Promise<WriteResult> {
    return this.#write((publicKey) => ({ kind: 'open', key, publicKey }), value, options)
  }

  publish(name: string, value: Data, options: WriteOptions): Promise<WriteResult> {
    const salt = saltOf(name)
    return this.#write((publicKey) => ({ kind: 'owned', salt, publicKey }), value, options)
  }

  async get(key: Key, options: CallOptions): Promise<Entry[]> {
    return entriesOf(await this.#read(key, 'open', options))
  }

  async resolve(publicKey: PublicKey, name: string, options: CallOptions): Promise<Entry | undefined> {
    const salt = saltOf(name)
    const [entry] = entriesOf(await this.#read(ownedKey(publicKey, salt), 'owned', options))
    return entry
  }

  async store(data: Data, options: StoreOptions): Promise<string> {
    const bytes = bytesOf(data)
    if (bytes.length > contentBytesMax) {
      throw new PeerError(
        'too-large',
        `Content has at most ${contentBytesMax} bytes: store ${bytes.length} bytes in pieces, and a list of their addresses.`,
      )
    }
    await this.#writeRecord(contentRecord(bytes), undefined, options)
    return bytesToHex(contentAddress(bytes))
  }

  async load(address: string, options: CallOptions): Promise<Uint8Array | undefined> {
    const digest = fixedHex(address, 32, 'An address')
    const [record] = await this.#read(KeyOf.fromBytes(digest.subarray(0, keyBytes)), 'content', options)
    return record?.kind === 'content' && bytesToHex(contentAddress(record.value)) === address.toLowerCase() ? record.value : undefined
  }

  async #read(target: Key, want: 'open' | 'owned' | 'content', options: CallOptions): Promise<readonly Record[]> {
    const outcome = await this.#calls.begin({ type: 'read', target, want }, options.signal)
    if (outcome.type !== 'read') throw new TypeError(`A read ended as ${outcome.type}.`)
    if (outcome.records.length === 0 && this.#driver.overlay.status.links === 0) {
      throw new PeerError('no-peers', 'Nobody is linked, and nothing is known here: wait until status.phase is online, and ask again.')
    }
    if (outcome.records.length === 0 && !outcome.complete) {
      throw new PeerError('timed-out', 'Nothing was found in time, and it may be there all the same: ask again.')
    }
    return outcome.records
  }

  async #write(whose: (publicKey: PublicKey) => Whose, value: Data, options: WriteOptions): Promise<WriteResult> {
    const signer = options.signer ?? this.#signer
    const bytes = bytesOf(value)
    if (bytes.length > signedPayloadBytesMax) {
      throw new PeerError(
        'too-large',
        `A value has at most ${signedPayloadBytesMax} bytes: store ${bytes.length} bytes as content, and put its address.`,
      )
    }
    const { expiresInS = defaultExpiryS } = options
    if (!(expiresInS >= 1 && expiresInS <= expiryAheadMaxS)) {
      throw new PeerError('invalid', `A record expires in 1 to ${expiryAheadMaxS} seconds, not in ${expiresInS}.`)
    }
    let floor = 0n
    for (let tries = 1; ; tries++) {
      const record = await this.#sign(whose(signer.publicKey), bytes, floor, signer, options)
      const outcome = await this.#writeRecord(record, options.ifSeq, options)
      if (outcome.newer?.kind !== record.kind || outcome.newer.seq < record.seq || tries >= writeTriesMax) {
        return {
          seq: record.seq,
          stored: outcome.stored,
          wanted: outcome.wanted,
          pending: outcome.storedElsewhere === 0,
          crowded: outcome.crowded,
        }
      }
      // Another of the owner's tabs, or an earlier life of this one, was ahead.
      floor = outcome.newer.seq
    }
  }

  async #sign(
    whose: Whose,
    value: Uint8Array,
    floor: bigint,
    signer: Signer,
    options: WriteOptions,
  ): Promise<Extract<Record, { seq: bigint }>> {
    const unixMs = this.#clock.unixMs()
    const expiresUnixS = Math.floor(unixMs / 1_000) + Math.round(options.expiresInS ?? defaultExpiryS)
    const id = recordIdOf(whose)
    const before = [floor, this.#lastSeqs.get(id) ?? 0n, this.#driver.overlay.seqSeen(id) ?? 0n, BigInt(Math.floor(unixMs)) * 1_000n]
    const seq = before.reduce((highest, one) => (one > highest ? one : highest)) + 1n
    this.#lastSeqs.set(id, seq)
    const draft = draftSigned({ ...whose, seq, expiresUnixS, value })
    return withSignature(draft, await signer.sign(draft.signedBytes))
  }

  async #writeRecord(record: Record, ifSeq: bigint | undefined, options: StoreOptions): Promise<Written> {
    const call = { type: 'write' as const, record, all: options.confirmedBy === 'all', ...(ifSeq !== undefined && { ifSeq }) }
    const outcome = await this.#calls.begin(call, options.signal)
    if (outcome.type !== 'written') throw new TypeError(`A write ended as ${outcome.type}.`)
    await this.#driver.shelf.flushed()
    if (outcome.notKept === 'full')
      throw new PeerError('quota', 'The room for own records is used up: let some expire, or write smaller ones.')
    if (outcome.notKept === 'refused')
      throw new PeerError('invalid', 'The record expired before it was written: let it live longer, or sign faster.')
    if (outcome.conflict) throw new PeerError('cas-mismatch', 'The record has another seq than ifSeq says: read it again, then write.')
    if (outcome.storedElsewhere > 0 || outcome.newer || (outcome.wanted === 0 && ifSeq === undefined)) return outcome
    if (outcome.wanted === 0) {
      throw new PeerError(
        'no-peers',
        'Nobody is there who knows whether the condition holds, so nothing was written: wait until status.phase is online.',
      )
    }
    if (outcome.full > 0) throw new PeerError('quota', 'Every replica is full for this publisher or key: write fewer or smaller records.')
    const next = ifSeq === undefined ? 'It is kept here and tried again.' : 'Its condition may not hold: read it again, then write.'
    throw new PeerError('not-stored', `No other peer of ${outcome.wanted} replicas confirmed the record. ${next}`)
  }
}

type Whose = { readonly publicKey: PublicKey } & (
  | { readonly kind: 'open'; readonly key: Key }
  | { readonly kind: 'owned'; readonly salt: Uint8Array }
)

function recordIdOf(whose: Whose): string {
  const { record } = draftSigned({ ...whose, seq: 0n, expiresUnixS: 0, value: new Uint8Array(0) })
  return recordId(record as Record)
}

/** The salt of an owned record's name. Error: `invalid`. */
export function saltOf(name: string): Uint8Array {
  const salt = bytesOf(name)
  if (salt.length > saltBytesMax) throw new PeerError('invalid', `A name has at most ${saltBytesMax} bytes of UTF-8.`)
  return salt
}
