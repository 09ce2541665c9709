import { LateMap } from '../late-map.js'
import type { Key } from '../keys/key.js'
import { avoidMax, hopsMax, type Message, type MessageId, type Seek } from '../wire/message.js'
import type { Link, LinkId, RoutingTable } from './routing-table.js'

/** Seeks passed on whose next peer has not acknowledged yet: beyond this the oldest is left to itself. */
export const unacknowledgedMax = 512
/** A seek that comes again within this time, over whatever way, is declined: it goes in circles. */
export const rememberedMs = 5_000
/** Seeks remembered for that: as many as a tab can pass on in that time. */
export const rememberedMax = 2_048
/** A peer that passes a seek on tries no other next peer after this: whoever asked has given up by then. */
export const passedWithinMs = 5_000
/** How long the next peer has to acknowledge: so many round trips of the link, and what a busy tab may take. */
const acknowledgeRoundTrips = 1.5
const acknowledgeSlackMs = 100
/** While the round trip of a link is not measured. */
const acknowledgeUnmeasuredMs = 600
/** Nobody is waited for longer: whoever asks waits too. */
const acknowledgeMaxMs = 1_500

export type ForwardingEvent =
  /** Our own question sets out. */
  | { type: 'own'; seek: Seek }
  | { type: 'seek'; seek: Seek; from: Link }
  /** One that waited for the answer to its like goes on. */
  | { type: 'goesOn'; seek: Seek }
  | { type: 'taken' | 'declined'; id: MessageId; link: LinkId }
  | { type: 'unlinked'; link: LinkId }
  | { type: 'woke' }

export type ForwardingEffect =
  | { type: 'send'; link: LinkId; message: Message }
  /** It goes no further: this peer answers it. */
  | { type: 'arrived'; seek: Seek }
  /** The next peer did not acknowledge: is it there? Until it is heard, it is passed over. */
  | { type: 'troubled'; link: LinkId }
  /** It acknowledged this much later. */
  | { type: 'acknowledged'; link: LinkId; afterMs: number }
  /** Our own question is on its way to this linked peer. */
  | { type: 'setOut'; id: MessageId; via: Key }
  /** Our own question finds no link to set out on. */
  | { type: 'nowhere'; id: MessageId }
  /** It found some, and none of them acknowledged it. */
  | { type: 'lost'; id: MessageId }

/** Lent by whoever keeps records. */
export interface ForwardingHost {
  /** Whether this peer has what is sought, and may say so although others are closer. */
  answersHere(seek: Seek): boolean
  /** Whether this peer can answer it at all. */
  takes(seek: Seek): boolean
  /** Whether it waits here for the answer to an equal one, instead of going on. */
  waits(seek: Seek): boolean
}

interface Passing {
  readonly seek: Seek
  /** Links that were tried, the last of them under way. */
  readonly tried: Set<LinkId>
  to: LinkId
  sentMs: number
  deadlineMs: number
  readonly untilMs: number
}

/**
 * Passes seeks from link to link toward their target: recursive routing (Heep 2010, R/Kademlia) with two-hop look-ahead. Each peer acknowledges to the one before,
 * which tries its next best when that is late; only where nobody is closer has the seek arrived. Another seek of the same lookup, over another path,
 * wants another's word: that one is passed on to the next closest.
 * Invariants: 1. a seek never passes a peer twice, nor one that is to be avoided, and takes at most `hopsMax` hops; 2. each link is tried once;
 * 3. every seek that was taken is passed on, or arrives here, or waits with the host for the answer to its like, but for those that nobody acknowledged for `passedWithinMs`.
 */
export class Forwarding {
  readonly #table: RoutingTable
  readonly #host: ForwardingHost
  readonly #passing = new LateMap<MessageId, Passing>()
  /** When each seek may be forgotten, the oldest first. */
  readonly #remembered = new LateMap<MessageId, number>()
  /** The same of what was answered here, by the lookup it was of. */
  readonly #answered = new LateMap<string, number>()

  constructor(table: RoutingTable, host: ForwardingHost) {
    this.#table = table
    this.#host = host
  }

  handle(event: ForwardingEvent, nowMs: number): ForwardingEffect[] {
    switch (event.type) {
      case 'own': {
        remember(this.#remembered, event.seek.id, nowMs)
        return this.#pass({ ...event.seek, path: [this.#table.self] }, new Set(), nowMs, nowMs + passedWithinMs)
      }
      case 'seek':
        return this.#take(event.seek, event.from.link, nowMs)
      case 'goesOn':
        return this.#passOn(event.seek, nowMs)
      case 'taken':
      case 'declined':
        return this.#acknowledged(event, nowMs)
      case 'unlinked':
        return [...this.#passing.values()].filter(({ to }) => to === event.link).flatMap((passing) => this.#again(passing, nowMs))
      case 'woke':
        return [...this.#passing.values()]
          .filter(({ deadlineMs }) => deadlineMs <= nowMs)
          .flatMap((passing) => [{ type: 'troubled', link: passing.to } as const, ...this.#again(this.#goingRound(passing), nowMs)])
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    for (const { deadlineMs } of this.#passing.values()) if (earliest === undefined || deadlineMs < earliest) earliest = deadlineMs
    return earliest
  }

  #take(seek: Seek, from: LinkId, nowMs: number): ForwardingEffect[] {
    const { id, path } = seek
    const isCircling = this.#remembered.has(id) || path.some((one) => one.equals(this.#table.self))
    // A leaf passes on what its own neighbours seek, who may know nobody else yet.
    const isOthers = this.#table.role === 'leaf' && path.length > 1 && !seek.target.equals(this.#table.self)
    if (isCircling || isOthers || !this.#host.takes(seek)) return [{ type: 'send', link: from, message: { type: 'declined', id } }]
    remember(this.#remembered, id, nowMs)
    const taken: ForwardingEffect = { type: 'send', link: from, message: { type: 'taken', id } }
    const isAnswered = this.#hasAnswered(seek, nowMs)
    if (seek.hopsLeft === 0 || (!isAnswered && this.#host.answersHere(seek))) return [taken, this.#arrived(seek, nowMs)]
    return !isAnswered && this.#host.waits(seek) ? [taken] : [taken, ...this.#passOn(seek, nowMs)]
  }

  #passOn(seek: Seek, nowMs: number): ForwardingEffect[] {
    const passed = { ...seek, path: [...seek.path, this.#table.self], hopsLeft: seek.hopsLeft - 1 }
    return this.#pass(passed, new Set(), nowMs, nowMs + passedWithinMs)
  }

  /** On to the next best link. `seek.path` ends with this peer. */
  #pass(seek: Seek, tried: Set<LinkId>, nowMs: number, untilMs: number): ForwardingEffect[] {
    const isOwn = seek.path.length === 1
    const next = this.#table.nextHop(seek.target, [...seek.path, ...seek.avoid], {
      except: tried,
      fromAnywhere: isOwn || this.#hasAnswered(seek, nowMs),
      anyReplica: seek.want !== 'peers' || seek.store !== undefined,
    })
    if (!next) {
      this.#passing.delete(seek.id)
      if (isOwn) return [{ type: tried.size > 0 ? 'lost' : 'nowhere', id: seek.id }]
      return [this.#arrived({ ...seek, path: seek.path.slice(0, -1) }, nowMs)]
    }
    tried.add(next.link)
    const passing = { seek, tried, to: next.link, sentMs: nowMs, deadlineMs: nowMs + acknowledgeWithinMs(next), untilMs }
    this.#passing.keep(seek.id, passing, unacknowledgedMax)
    const sent: ForwardingEffect = { type: 'send', link: next.link, message: seek }
    return isOwn ? [sent, { type: 'setOut', id: seek.id, via: next.contact.id }] : [sent]
  }

  /** Whoever did not acknowledge is passed over until it is heard, and the peers farther on, who may not know yet, are told to go round it. */
  #goingRound(passing: Passing): Passing {
    const link = this.#table.byLinkId(passing.to)
    if (!link) return passing
    link.isSilent = true
    const { seek } = passing
    const { id } = link.contact
    if (seek.avoid.length >= avoidMax || seek.target.equals(id)) return passing
    return { ...passing, seek: { ...seek, avoid: [...seek.avoid, id] } }
  }

  #again({ seek, tried, untilMs }: Passing, nowMs: number): ForwardingEffect[] {
    if (nowMs < untilMs) return this.#pass(seek, tried, nowMs, untilMs)
    this.#passing.delete(seek.id)
    return seek.path.length === 1 ? [{ type: 'lost', id: seek.id }] : []
  }

  #acknowledged({ type, id, link }: { readonly type: 'taken' | 'declined'; readonly id: MessageId; readonly link: LinkId }, nowMs: number) {
    const passing = this.#passing.get(id)
    if (passing?.to !== link) return []
    const effects: ForwardingEffect[] = [{ type: 'acknowledged', link, afterMs: nowMs - passing.sentMs }]
    if (type === 'declined') return [...effects, ...this.#again(passing, nowMs)]
    this.#passing.delete(id)
    return effects
  }

  #hasAnswered(seek: Seek, nowMs: number): boolean {
    return (this.#answered.get(questionOf(seek)) ?? -Infinity) > nowMs
  }

  #arrived(seek: Seek, nowMs: number): ForwardingEffect {
    remember(this.#answered, questionOf(seek), nowMs)
    return { type: 'arrived', seek }
  }
}

function acknowledgeWithinMs({ rttMs }: Link): number {
  return rttMs === undefined ? acknowledgeUnmeasuredMs : Math.min(acknowledgeRoundTrips * rttMs + acknowledgeSlackMs, acknowledgeMaxMs)
}

/** Forgets what is old, and the oldest of too many. */
function remember(all: LateMap<string, number>, one: string, nowMs: number): void {
  for (const [old, untilMs] of all) {
    if (untilMs > nowMs && all.size < rememberedMax) break
    all.delete(old)
  }
  all.delete(one)
  all.set(one, nowMs + rememberedMs)
}

/** Which lookup it is of: its seeks have the first half of their ids in common, which nobody else knows beforehand. A record on its way is a question of its own. */
function questionOf({ id, target, want, store }: Seek): string {
  return store ? id : `${id.slice(0, id.length / 2)} ${target.hex} ${want}`
}

/** A seek of our own, before it sets out. */
export function newSeek(seek: Pick<Seek, 'id' | 'target' | 'want' | 'avoid' | 'store'>): Seek {
  const { id, target, want, avoid, store } = seek
  return { type: 'seek', id, target, want, path: [] as Key[], avoid, hopsLeft: hopsMax, ...(store && { store }) }
}
