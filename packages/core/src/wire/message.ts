import type { Key } from '../keys/key.js'
import type { LetterBody, SessionId } from './letter.js'
import type { Contact } from '../keys/public-key.js'
import type { NeighbourChange } from '../links/neighbour-list.js'
import type { Record } from '../records/record.js'
import type { VersionDigest } from '../records/record-version.js'

/** What travels on one link, between its two ends. */
export type Message = Hello | Wants | RoleTaken | Neighbours | Leaving | Draw | Strangers | Spoken | Seek | Acknowledgement | Envelope

/** The first message each end says, once. */
export interface Hello {
  readonly type: 'hello'
  readonly version: number
}

/** Whether the sender wants this link kept. A link that neither end wants is closed. */
export interface Wants {
  readonly type: 'wants'
  readonly wanted: boolean
}

/** What the sender is from now on; until it says so, it is full. */
export interface RoleTaken {
  readonly type: 'role'
  readonly role: PeerRole
}

/**
 * `full`: keeps records, answers questions, passes things on. `leaf`: takes part for itself alone (a hidden tab, a phone): it asks, writes, watches and is
 * reached like any other, but is no replica, and nobody's next hop but its own neighbours' that know no other.
 */
export type PeerRole = 'full' | 'leaf'

/** What changed in the list of full peers that the sender is linked to, since it was last told over this link: at first, all of them. */
export interface Neighbours extends NeighbourChange {
  readonly type: 'neighbours'
}

/** The sender is going away on purpose, and has handed over what it could. */
export interface Leaving {
  readonly type: 'leaving'
}

/** A meeting point runs low: whoever gets this may go and stand there. */
export interface Draw {
  readonly type: 'draw'
}

/** The sender is linked to these, and they are of two overlays: at most `strangersMax`. See `Merging`. */
export interface Strangers {
  readonly type: 'strangers'
  readonly contacts: readonly Contact[]
}

/** What would be a letter, said straight to the other end: the link has proved who speaks. */
export interface Spoken {
  readonly type: 'spoken'
  readonly id: MessageId
  readonly body: LetterBody
}

/** A question on its way to whoever is closest to its target, passed on peer by peer. Its answer comes back along the path, as a `Response` of the same id. */
export interface Seek {
  readonly type: 'seek'
  readonly id: MessageId
  readonly target: Key
  readonly want: Want
  /** Peers passed, the asker first: the way back, and the proof against loops. */
  readonly path: readonly Key[]
  /** Peers that this path goes round: others of the same lookup have passed them, or they did not acknowledge it. At most `avoidMax`. */
  readonly avoid: readonly Key[]
  readonly hopsLeft: number
  /** What the replicas of the target are to keep: the first of them that this reaches keeps it, hands it to the others, and answers with their receipts. Only with the want `peers`. */
  readonly store?: StoreOrder
}

/** A record on its way to its replicas. */
export interface StoreOrder {
  readonly record: Record
  readonly ifSeq?: bigint
  /** The answer waits for all of them; else for most. */
  readonly all: boolean
}

/** `taken`: the sender has the seek of this id, and passes it on or answers it. `declined`: it has had it before, or is a leaf. */
export interface Acknowledgement {
  readonly type: 'taken' | 'declined'
  readonly id: MessageId
}

/** 8 random bytes as 16 hex digits: names a request and its response, a letter and its fate. */
export type MessageId = string
export const messageIdBytes = 8

/** A payload that peers pass along open links to one destination: along `route` while it lasts, then greedily. */
export interface Envelope {
  readonly type: 'envelope'
  readonly destination: Key
  /** Peers still to pass by name, the next one first, without the destination. Empty: each peer chooses the next. */
  readonly route: readonly Key[]
  /** Peers passed, the source first: the way back, and the proof against loops. */
  readonly path: readonly Key[]
  readonly hopsLeft: number
  readonly payload: Payload
}

export type Payload = Request | Response | Undeliverable | Letter | Secret | Forgotten

export interface Request {
  readonly type: 'request'
  readonly id: MessageId
  readonly question: Question
}

export type Question =
  | { readonly type: 'ping' }
  /** Who is closest to the target among your links, and which records of this kind have you under it? */
  | { readonly type: 'find'; readonly target: Key; readonly want: Want }
  /** Keep this record; with `ifSeq`, only where the one you have carries that seq (BEP 44, `cas`). */
  | { readonly type: 'store'; readonly record: Record; readonly ifSeq?: bigint }
  /** Which of these versions of records (`versionDigest`) do you lack? At most `comparedMax`. */
  | { readonly type: 'compare'; readonly versions: readonly VersionDigest[] }
  | WatchQuestion

/** What watchers and holders ask each other: see `watches/`. */
export type WatchQuestion =
  /**
   * Tell me of new records of this kind under the target for `leaseS` seconds, 0: no longer; and at once of all there are, unless their `versionsDigest` is `known`.
   * `lease`: the asker's name for it, which only those on the way learn.
   */
  | {
      readonly type: 'watch'
      readonly target: Key
      readonly want: Watchable
      readonly lease: LeaseId
      readonly leaseS: number
      readonly known: string
    }
  /** There are new records under a key that you watch. `ending`: and I go, ask another. */
  | { readonly type: 'changed'; readonly lease: LeaseId; readonly records: readonly Record[]; readonly ending: boolean }

/** Kinds of records that change, so that they can be watched. */
export type Watchable = 'owned' | 'open'
/** Names one watcher's lease at one holder. 8 random bytes as 16 hex digits. */
export type LeaseId = string
/** Seconds a lease lasts at most: a watcher that crashed is told in vain, and holders that crashed are missed, no longer than this. */
export const leaseMaxS = 120

/** What a `find` asks for besides contacts. */
export type Want = 'peers' | 'content' | 'owned' | 'open'

export interface Response {
  readonly type: 'response'
  readonly id: MessageId
  readonly answer: Answer
}

export type Answer =
  | { readonly type: 'pong' }
  /** `links`: the record is from a cache, so many links away from a holder; else from a holder. */
  | { readonly type: 'found'; readonly contacts: readonly Contact[]; readonly records: readonly Record[]; readonly links?: number }
  | { readonly type: 'receipt'; readonly receipt: Receipt; readonly newer?: Record }
  /** To a seek with a record. `newer`: the newest that any of them has instead. */
  | { readonly type: 'placed'; readonly replicas: readonly Placed[]; readonly newer?: Record }
  /** To `compare`: those that are not here. */
  | { readonly type: 'compared'; readonly lacking: readonly VersionDigest[] }
  | WatchAnswer

/** One replica of a record, and its receipt; none: not yet. */
export interface Placed {
  readonly contact: Contact
  readonly receipt?: Receipt
}

/** Answers to `watch` and to `changed`. */
export type WatchAnswer =
  /** `leaseS`: how long it lasts, or how soon to ask again. `contacts`: of those this peer is linked to, the closest to the target. */
  | {
      readonly type: 'watching'
      readonly verdict: WatchVerdict
      readonly leaseS: number
      readonly contacts: readonly Contact[]
      readonly records: readonly Record[]
    }
  /** `watching`: the lease is still wanted. */
  | { readonly type: 'heard'; readonly watching: boolean }

/** What became of a wish to watch: `taken`; `full`: no room for one more watcher; `elsewhere`: this peer is no replica of the key; `ended`: as asked. */
export type WatchVerdict = 'taken' | 'full' | 'elsewhere' | 'ended'

/**
 * What became of a record: `stored`; `same`: it was there; `stale`: a newer one is there; `conflict`: `ifSeq` does not fit;
 * `full`: no room under the quotas; `refused`: expired, too long-lived, misfiled or forged.
 */
export type Receipt = 'stored' | 'same' | 'stale' | 'conflict' | 'full' | 'refused'

/** A relay could pass the payload of this id no further. */
export interface Undeliverable {
  readonly type: 'undeliverable'
  readonly id: MessageId
}

/** A signed letter for the destination alone: opaque to every relay. */
export interface Letter {
  readonly type: 'letter'
  readonly id: MessageId
  readonly sealed: Uint8Array
}

/** What apps say to each other, encrypted under the keys of a session: to a relay it is its length, and when it was sent. */
export interface Secret {
  readonly type: 'secret'
  readonly id: MessageId
  readonly session: SessionId
  /** How many came before it under the same key: never used twice. */
  readonly counter: number
  readonly sealed: Uint8Array
}

/** The destination of a secret has no such session (any more). Proves nothing: who hears it greets anew. */
export interface Forgotten {
  readonly type: 'forgotten'
  readonly session: SessionId
}

/** Contacts in one answer, and replicas of one record: Kademlia's k. */
export const replicas = 8
/** Peers in a neighbour list, and in one message of what came and went: as many as any peer has links. */
export const neighboursMax = 64
/** Round trips in a neighbour list are no longer: what takes longer counts as this slow. */
export const neighbourRttMaxMs = 10_000
/** Contacts in one `strangers` message: one of each overlay. */
export const strangersMax = 2
/** Hops of one envelope at most: 2·log₂ n + 4 for a million peers is 44; asked lookups need far fewer. */
export const hopsMax = 44
/** Peers that a seek may be told to avoid: the paths of three others. */
export const avoidMax = 24
/** Records in one answer at most; their bytes are bounded too, by `answerRecordBytesMax`. */
export const answerRecordsMax = 64
/** Bytes of the records in one answer: one content record, or some sixteen signed ones. */
export const answerRecordBytesMax = 18 * 1024
/** Versions in one comparison: 4 KiB. */
export const comparedMax = 512
export const protocolVersion = 5
