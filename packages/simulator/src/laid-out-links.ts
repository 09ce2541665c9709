/** Links that one peer can have laid out: as many as a desktop takes that only fill a bucket. */
export const laidOutLinksMax = 48

const arrivalsMin = 1_024

/**
 * Links between peers by their place from 0, as they are laid out at the beginning: two numbers in flat memory for each end, where objects would take
 * gigabytes for a million peers. The i-th link of a peer has the number −1−i at its overlay, which none that it makes itself ever has.
 */
export class LaidOutLinks {
  readonly peers: number
  readonly #others: Int32Array
  /** The place of the same link at its other end. */
  readonly #backs: Uint8Array
  readonly #counts: Uint8Array
  /** When the last thing sent to an end arrives, by the end's index: of those that something is, or was lately, on its way to. */
  readonly #arrivalsMs = new Map<number, number>()
  /** So many may be kept before those are dropped where all has arrived. */
  #arrivalsMax = arrivalsMin

  constructor(peers: number) {
    this.peers = peers
    this.#others = new Int32Array(peers * laidOutLinksMax)
    this.#backs = new Uint8Array(peers * laidOutLinksMax)
    this.#counts = new Uint8Array(peers)
  }

  /** Links two peers; false: they are linked, or one has no room. */
  add(a: number, b: number): boolean {
    if (a === b || this.isLinked(a, b)) return false
    const [placeA, placeB] = [this.#counts[a]!, this.#counts[b]!]
    if (placeA >= laidOutLinksMax || placeB >= laidOutLinksMax) return false
    this.#put(a, placeA, b, placeB)
    this.#put(b, placeB, a, placeA)
    return true
  }

  countOf(peer: number): number {
    return this.#counts[peer]!
  }

  isLinked(a: number, b: number): boolean {
    const from = a * laidOutLinksMax
    const index = this.#others.subarray(from, from + this.#counts[a]!).indexOf(b)
    return index >= 0
  }

  /** The other end of a peer's link at this place. */
  otherOf(peer: number, place: number): number {
    return this.#others[peer * laidOutLinksMax + place]!
  }

  backOf(peer: number, place: number): number {
    return this.#backs[peer * laidOutLinksMax + place]!
  }

  lastArrivalMs(peer: number, place: number): number {
    return this.#arrivalsMs.get(peer * laidOutLinksMax + place) ?? 0
  }

  noteArrival(peer: number, place: number, atMs: number, nowMs: number): void {
    this.#arrivalsMs.set(peer * laidOutLinksMax + place, atMs)
    if (this.#arrivalsMs.size < this.#arrivalsMax) return
    for (const [end, arrivedMs] of this.#arrivalsMs) if (arrivedMs <= nowMs) this.#arrivalsMs.delete(end)
    this.#arrivalsMax = Math.max(arrivalsMin, 2 * this.#arrivalsMs.size)
  }

  #put(peer: number, place: number, other: number, back: number): void {
    this.#others[peer * laidOutLinksMax + place] = other
    this.#backs[peer * laidOutLinksMax + place] = back
    this.#counts[peer] = place + 1
  }
}

/** The number under which an overlay knows its laid-out link at this place; and the other way round. */
export function laidOutLinkId(place: number): number {
  return -1 - place
}
export function placeOfLaidOut(link: number): number {
  return -1 - link
}
