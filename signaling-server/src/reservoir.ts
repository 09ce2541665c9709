/** What happens around one network's reservoir. Peers are named by their ids in hex. */
export type ReservoirEvent =
  /** Proved itself and was introduced. Once more with the same name: it came back on a new socket, and keeps its place. */
  | { readonly type: 'came'; readonly peer: string }
  | { readonly type: 'left'; readonly peer: string }
  /** So many servers share this network's places, and so many of its peers are at others than this one. */
  | { readonly type: 'shared'; readonly servers: number; readonly elsewhere: number }
  /** Time has passed. */
  | { readonly type: 'ticked' }

export type ReservoirEffect =
  /** Tell this one to hang up. It counts as gone. */
  | { readonly type: 'rest'; readonly peer: string }
  /** Ask each of these to bring `count` peers of its overlay. */
  | { readonly type: 'draw'; readonly from: readonly string[]; readonly count: number }

export interface ReservoirOptions {
  /** Sockets that may stay open. */
  readonly size: number
  /** With fewer peers than this, the overlay is asked for more. */
  readonly lowWater: number
  /** How long each newcomer may stay, to be introduced and linked. */
  readonly graceMs: number
  /** A random integer from 0 to below `bound`. */
  readonly below: (bound: number) => number
}

/** Of how many peers more are asked at once: one may be about to leave, another may be lying. */
export const drawnFromMax = 3
/** The first draw after a rest was given, when the overlay is known to be larger than the reservoir. Then the wait doubles. */
export const drawSoonMs = 1_000
/** The first draw where none is known to rest: this server may have been restarted, or the network be small. Then the wait doubles. */
export const drawLaterMs = 60_000
/** The longest wait between two draws: one message an hour to a network that simply is small. */
export const drawWaitMaxMs = 3_600_000

/**
 * Which sockets of one network stay open: a bounded random sample of all that came (algorithm R of Vitter 1985, "Random Sampling with a
 * Reservoir"), so that nobody fills it by coming often. It departs from the paper in that members leave: their places go to the next.
 * 1. Everybody who comes is a newcomer for `graceMs`; only then is it considered for a place, and whoever loses it told to rest.
 * 2. Members never outnumber `size`. Newcomers are bounded by the caller.
 * 3. Servers that share have an equal part of the places each: a balancer sends peers to them by chance, so all their samples are one.
 *    A part that becomes smaller sends some to rest, by chance.
 * 4. Below low water the overlay is asked for more, at doubling intervals until there are enough. Rests are remembered, but not relied on:
 *    after a restart nobody remembers them.
 */
export class Reservoir {
  readonly #options: ReservoirOptions
  readonly #members = new Set<string>()
  /** Newcomers and the end of their grace, in the order of arrival. */
  readonly #newcomers = new Map<string, number>()
  /** How many were considered for a place so far. */
  #considered = 0
  #servers = 1
  #elsewhere = 0
  #restsKnown = false
  /** When to ask for more, and how long to wait after that; undefined at or above low water. */
  #draw: { readonly atMs: number; readonly waitMs: number } | undefined

  constructor(options: ReservoirOptions) {
    this.#options = options
  }

  /** Peers whose sockets are open. */
  get present(): number {
    return this.#members.size + this.#newcomers.size
  }

  handle(event: ReservoirEvent, nowMs: number): ReservoirEffect[] {
    if (event.type === 'came' && !this.#members.has(event.peer) && !this.#newcomers.has(event.peer)) {
      this.#newcomers.set(event.peer, nowMs + this.#options.graceMs)
    }
    if (event.type === 'left') {
      this.#members.delete(event.peer)
      this.#newcomers.delete(event.peer)
    }
    if (event.type === 'shared') {
      this.#servers = event.servers
      this.#elsewhere = event.elsewhere
    }
    const rests = this.#settle(nowMs)
    return [...rests, ...this.#drawMore(nowMs)]
  }

  /** When to be called with `ticked`; undefined: waiting for nothing. */
  get wakeAtMs(): number | undefined {
    const [graceEndsMs] = this.#newcomers.values()
    if (graceEndsMs === undefined || this.#draw === undefined) return graceEndsMs ?? this.#draw?.atMs
    return Math.min(graceEndsMs, this.#draw.atMs)
  }

  /** Gives places to those whose grace is over. */
  #settle(nowMs: number): ReservoirEffect[] {
    const rests: ReservoirEffect[] = []
    for (const [peer, graceEndsMs] of this.#newcomers) {
      if (graceEndsMs > nowMs) break
      this.#newcomers.delete(peer)
      const loser = this.#place(peer)
      if (loser !== undefined) rests.push({ type: 'rest', peer: loser })
    }
    while (this.#members.size > this.#places) {
      const peer = [...this.#members][this.#options.below(this.#members.size)]!
      this.#members.delete(peer)
      rests.push({ type: 'rest', peer })
    }
    if (rests.length > 0) this.#restsKnown = true
    return rests
  }

  /** This server's part of the places. */
  get #places(): number {
    return Math.ceil(this.#options.size / this.#servers)
  }

  /** Gives a place, or not, by chance; answers who has none now. */
  #place(peer: string): string | undefined {
    this.#considered++
    if (this.#members.size < this.#places) {
      this.#members.add(peer)
      return undefined
    }
    const place = this.#options.below(this.#considered)
    if (place >= this.#places) return peer
    const loser = [...this.#members][place]!
    this.#members.delete(loser)
    this.#members.add(peer)
    return loser
  }

  #drawMore(nowMs: number): ReservoirEffect[] {
    const { size, lowWater, below } = this.#options
    const everywhere = this.present + this.#elsewhere
    if (this.present === 0 || everywhere >= lowWater) {
      this.#draw = undefined
      return []
    }
    const firstWaitMs = this.#restsKnown ? drawSoonMs : drawLaterMs
    this.#draw ??= { atMs: nowMs + firstWaitMs, waitMs: firstWaitMs }
    if (nowMs < this.#draw.atMs) return []
    const waitMs = Math.min(this.#draw.waitMs * 2, drawWaitMaxMs)
    this.#draw = { atMs: nowMs + waitMs, waitMs }
    const from = sample([...this.#members, ...this.#newcomers.keys()], drawnFromMax, below)
    return [{ type: 'draw', from, count: Math.ceil((size - everywhere) / from.length) }]
  }
}

/** Up to `count` of these, each as likely as any other (the first steps of a Fisher–Yates shuffle, in place). */
export function sample<T>(items: T[], count: number, below: (bound: number) => number): T[] {
  const taken = Math.min(count, items.length)
  for (let i = 0; i < taken; i++) {
    const other = i + below(items.length - i)
    const item = items[i]!
    items[i] = items[other]!
    items[other] = item
  }
  return items.slice(0, taken)
}
