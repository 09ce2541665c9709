import type { Key } from '../keys/key.js'
import { LateMap } from '../late-map.js'
import type { LinkId } from '../links/routing-table.js'
import { hopsMax, type MessageId, type Seek } from '../wire/message.js'

/** Equal questions wait this long for the answer to the first: most are answered sooner, and whoever asked begins another path after that. */
export const coalesceWithinMs = 1_000
/** Questions that wait for one answer; more are passed on. */
export const waitingMax = 64
/** Questions passed on that equal ones may wait for. */
export const leadersMax = 256
/** None waits for one that goes round more peers than this, or says it has passed them: it may name those that keep the record, which it then does not reach, */
export const leaderAvoidsMax = 4
/** nor for one that has few hops left: it may end before it is there. */
export const leaderHopsMin = hopsMax / 2

interface Leader {
  readonly id: MessageId
  readonly asker: Key
  /** The link it was passed on over, the last where that was tried again. */
  to: LinkId
  /** Equal questions of others. */
  readonly waiting: Seek[]
  readonly untilMs: number
}

/**
 * Equal questions that pass at one time: the first is passed on, and its answer is given to all. What suddenly everybody asks for reaches the few that keep it once a round trip
 * from each of their neighbours, not once an asker. Whoever passes the answer on sees to it that none has it from a peer that it was to go round: another path of a lookup wants another's word.
 * Invariants: 1. a question waits for `coalesceWithinMs` at most, and is passed on then; 2. none waits for one of the same asker; 3. one waits only for what has left most of its hops, and most of the replicas, to go to;
 * 4. it has the answer of whom the first was passed to: others who know of it, as its asker does, could make one up.
 */
export class Coalescing {
  /** By what is asked, the oldest first. */
  readonly #leaders = new LateMap<string, Leader>()
  readonly #questionOf = new LateMap<MessageId, string>()

  /** A question that came over a link was passed on. Its path ends with this peer. */
  passed(seek: Seek, to: LinkId, nowMs: number): void {
    const known = this.#leaderOf(seek.id)
    if (known) known.to = to
    const question = questionOf(seek)
    if (!question || !mayLead(seek) || known) return
    for (const leader of this.#leaders.values()) {
      if (leader.untilMs > nowMs || leader.waiting.length > 0) break
      this.#end(leader)
    }
    if (this.#leaders.size >= leadersMax || this.#leaders.has(question)) return
    this.#leaders.set(question, { id: seek.id, asker: seek.path[0]!, to, waiting: [], untilMs: nowMs + coalesceWithinMs })
    this.#questionOf.set(seek.id, question)
  }

  /** Whether the question waits from now on for the answer to an equal one. */
  waits(seek: Seek, nowMs: number): boolean {
    const leader = this.#leaders.get(questionOf(seek) ?? '')
    if (!leader || leader.untilMs <= nowMs || leader.waiting.length >= waitingMax) return false
    if (leader.asker.equals(seek.path[0]!)) return false
    leader.waiting.push(seek)
    return true
  }

  /** The answer to a question passes, and came over this link: those that waited for it, too. */
  answered(id: MessageId, from: LinkId): readonly Seek[] {
    return this.#leaderOf(id)?.to === from ? this.ended(id) : []
  }

  /** A question goes no further: those that waited for its answer. */
  ended(id: MessageId): readonly Seek[] {
    const leader = this.#leaderOf(id)
    return leader ? this.#end(leader) : []
  }

  /** Those that have waited long enough, to be passed on now. */
  overdue(nowMs: number): readonly Seek[] {
    return [...this.#leaders.values()].filter(({ untilMs }) => untilMs <= nowMs).flatMap((leader) => this.#end(leader))
  }

  /** Infinity: nothing waits. */
  get wakeAtMs(): number {
    for (const { waiting, untilMs } of this.#leaders.values()) if (waiting.length > 0) return untilMs
    return Infinity
  }

  #leaderOf(id: MessageId): Leader | undefined {
    return this.#leaders.get(this.#questionOf.get(id) ?? '')
  }

  #end({ id, waiting }: Leader): readonly Seek[] {
    this.#leaders.delete(this.#questionOf.get(id)!)
    this.#questionOf.delete(id)
    return waiting
  }
}

/** Its path ends with this peer. */
function mayLead({ path, avoid, hopsLeft }: Seek): boolean {
  return path.length - 1 + avoid.length <= leaderAvoidsMax && hopsLeft >= leaderHopsMin
}

/** What it asks; undefined: it brings something, or asks for peers only. */
function questionOf({ target, want, store }: Seek): string | undefined {
  return store || want === 'peers' ? undefined : `${target.hex} ${want}`
}
