import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import { LateMap } from '../late-map.js'
import { TokenBucket } from '../token-bucket.js'
import type { Carriage, Nonce, RefusalReason, Why } from '../wire/letter.js'

/** Who knocks, why, and over what. */
export interface Guest {
  readonly contact: Contact
  readonly why: Why
  readonly nonce: Nonce
  readonly back: Carriage
  /** The time that it says is not ours: its clock or ours is wrong, or the knock is an old one. */
  readonly isClockOff: boolean
  /** This peer knocks at it, too. */
  readonly isAwaited: boolean
}

/** `heardBefore`: somebody kept the knock and brings it again; not answered. */
export type Admission = 'yes' | 'heardBefore' | RefusalReason

interface Trust {
  /** Knocks that may come to nothing at once, */
  readonly burst: number
  /** and a minute after that. */
  readonly perMinute: number
}

/** Somebody who knocks and does not come in was reloaded, or is behind a router; not more often. */
export const trustInPeer: Trust = { burst: 3, perMinute: 1 }
/** A meeting point, or a link, brings what others write: one pair in four cannot link. */
export const trustInCarrier: Trust = { burst: 24, perMinute: 2 }
/** Of what this peer may dial in all (40, and 6 a minute), so much may be wasted on others; the rest is for what it wants itself. */
export const trustInAll: Trust = { burst: 28, perMinute: 3 }
/** Those whom this peer would have as siblings do not wait behind the others; but ids beside its own can be made up, too. */
export const trustInSiblings: Trust = { burst: 10, perMinute: 1.5 }
/**
 * All whose clock is off, together, in place of their names: a recorded knock of anybody looks like one of theirs. When somebody floods with such, those whose clock
 * is really off are told `busy` until it ends: they set it, or are knocked at themselves. As many as are set up at one time; of `trustInSiblings`, most is left.
 */
export const trustInOffClocks: Trust = { burst: 4, perMinute: 0.5 }
/** Whom one knock was lent: besides the peer and its carrier, by their names, all strangers or all would-be siblings. */
interface Lender {
  readonly all: TokenBucket
  readonly names: readonly string[]
}

/** Peers and carriers whose knocks are remembered: the one heard of longest ago makes room. */
export const rememberedMax = 512
/** A knock that was let in is known again for so long: all the time that its own may be believed, twice `knockSkewMaxS`. Later ones are told by their time. */
export const heardMs = 20 * 60_000

/**
 * Which knocks are listened to. A knock costs nothing to write, and the connection that it asks for is what is scarce. So each is lent one, that is given back when a link comes of it: honest
 * peers come in nearly always, and whoever only knocks has soon used up what its own name, whoever carries for it, and all strangers together are lent.
 * A knock that comes again is its carrier's fault, not its writer's. Of those let in no more than `rememberedMax` come in `heardMs`: `trustInAll` and the dial budget see to it.
 * Invariants: 1. of any minute's dials, `trustInAll` and `trustInSiblings` leave some to this peer itself, whoever knocks; 2. nobody but the peer itself uses up the trust in its name.
 */
export class Doorkeeper {
  readonly #all: TokenBucket
  readonly #siblings: TokenBucket
  /** By what they are of: the id of a peer, or a carrier. Only of those that owe something: the one heard of longest ago first. */
  readonly #lent = new LateMap<string, TokenBucket>()
  /** The knocks that were let in, and when: the oldest first. */
  readonly #heard = new LateMap<Nonce, number>()
  /** What each guest that was let in was lent from, until it is linked. */
  readonly #guests = new LateMap<string, Lender>()

  constructor(nowMs: number) {
    this.#all = bucketOf(trustInAll, nowMs)
    this.#siblings = bucketOf(trustInSiblings, nowMs)
  }

  /** Whether this knock is listened to. `isWantedHere`: by our own knowledge. Whom this peer knocks at itself it does not turn away. */
  lets({ contact, nonce, back, isClockOff, isAwaited }: Guest, isWantedHere: boolean, nowMs: number): Exclude<Admission, 'full'> {
    const { hex } = contact.id
    const all = isWantedHere ? this.#siblings : this.#all
    const names = [isClockOff ? 'off clocks' : `peer ${hex}`, carrierOf(back)]
    this.#forgetFull(nowMs)
    this.#forgetHeard(nowMs)
    const carrier = this.#bucket(names[1]!, trustInCarrier, nowMs)
    if (this.#heard.has(nonce)) {
      carrier.take(1, nowMs)
      return 'heardBefore'
    }
    if (!isAwaited) {
      const buckets = [all, this.#bucket(names[0]!, isClockOff ? trustInOffClocks : trustInPeer, nowMs), carrier]
      if (buckets.some((bucket) => bucket.waitMs(nowMs) > 0)) return 'busy'
      for (const bucket of buckets) bucket.take(1, nowMs)
      this.#guests.keep(hex, { all, names }, rememberedMax)
    }
    this.#heard.keep(nonce, nowMs, rememberedMax)
    return 'yes'
  }

  /** A link came of it. */
  linked({ hex }: Key, nowMs: number): void {
    const guest = this.#guests.get(hex)
    if (!guest) return
    this.#guests.delete(hex)
    guest.all.give(1, nowMs)
    for (const name of guest.names) {
      const bucket = this.#lent.get(name)
      bucket?.give(1, nowMs)
      if (bucket?.isFull(nowMs)) this.#lent.delete(name)
    }
  }

  /** Peers and carriers whose knocks it remembers: those that owe something, and some that did not long ago. */
  get remembered(): number {
    return this.#lent.size
  }

  #bucket(name: string, trust: Trust, nowMs: number): TokenBucket {
    const bucket = this.#lent.get(name) ?? bucketOf(trust, nowMs)
    this.#lent.keep(name, bucket, rememberedMax)
    return bucket
  }

  #forgetHeard(nowMs: number): void {
    for (const [nonce, heardAtMs] of this.#heard) {
      if (nowMs - heardAtMs < heardMs) break
      this.#heard.delete(nonce)
    }
  }

  /** Of those heard of longest ago, whoever owes nothing any more. */
  #forgetFull(nowMs: number): void {
    for (const [name, bucket] of this.#lent) {
      if (!bucket.isFull(nowMs)) break
      this.#lent.delete(name)
    }
  }
}

function bucketOf({ burst, perMinute }: Trust, nowMs: number): TokenBucket {
  return new TokenBucket(burst, perMinute / 60_000, nowMs)
}

/** Who brought it: the meeting point, or the link. */
function carrierOf(back: Carriage): string {
  return back.by === 'meetingPoint' ? `point ${back.point}` : `link ${back.route[0]?.hex ?? 'itself'}`
}
