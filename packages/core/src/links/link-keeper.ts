import { Avoidance } from './avoidance.js'
import type { DialBudget } from './dial-budget.js'
import type { Introductions } from './introductions.js'
import type { Key } from '../keys/key.js'
import type { Why } from '../wire/letter.js'
import { replicas } from '../wire/message.js'
import type { LinkPolicy } from './link-policy.js'
import type { KnownContact, Link, LinkId, RoutingTable } from './routing-table.js'

/** The links are looked over this soon after something changed, and at once by a peer that has none. */
export const lookOverDelayMs = 300
/** But not twice within this time: while an overlay forms something changes all the time. */
export const lookOverGapMs = 1_000
/** And this often when nothing did and nothing is due: quotas move. */
export const lookOverEveryMs = 60_000
/** Contacts that were forgotten, or never noted, are taken from the neighbour lists again this often: lists name each peer but once. */
export const recallEveryMs = 60_000
/** A link younger than this is not closed for being unwanted: the other end may still want it. */
export const unwantedAgeMs = 20_000

/** Before a newcomer has looked around it links to no more than this: whom it takes for its siblings are none yet. */
export const newcomerLinksMax = replicas
/** Its first look is over this long after its first link, or comes to nothing. */
export const newcomerMs = 3_000

/** Knocks in a row without an answer after which a contact is taken for gone. */
export const silencesMax = 3

export type LinkKeeperEvent =
  | { type: 'changed' }
  | { type: 'linked'; id: Key }
  /** A look at its surroundings is over: whom it met is noted. */
  | { type: 'lookedAround' }
  | { type: 'failed'; id: Key; reason: 'silent' | 'failed' }
  | { type: 'refused'; id: Key; retryAfterMs: number }
  /** This peer is something else than before: other links are wanted. */
  | { type: 'roleChanged' }
  | { type: 'woke' }

export type LinkKeeperEffect =
  | { type: 'sayWanted'; link: LinkId; wanted: boolean }
  | { type: 'hangUp'; link: LinkId }
  | { type: 'introduce'; known: KnownContact; why: Why }
  /** It never answers: it is gone. */
  | { type: 'forget'; id: Key }

/**
 * Keeps the links that the policy wants: says so to the other ends, closes what neither end wants, and has the missing ones made as the budget allows.
 * Invariants: 1. a link that either end wants is not closed here, but beyond the hard limit; 2. a peer under avoidance is not dialled, but at the app's own `connect`.
 */
export class LinkKeeper {
  readonly #table: RoutingTable
  readonly #policy: LinkPolicy
  readonly #introductions: Introductions
  readonly #budget: DialBudget
  readonly #avoidance = new Avoidance()
  #dueMs: number
  #lookedMs = -Infinity
  #recalledMs = -Infinity
  /** When it may next be that a link is to be closed, or is wanted no more: at once after a change. */
  #keepAtMs = -Infinity
  /** When it may next be that a peer is to be dialled: at once after a change. */
  #dialAtMs = -Infinity
  /** Until when it is a newcomer; undefined: it has made no link yet. */
  #newUntilMs: number | undefined

  constructor(table: RoutingTable, policy: LinkPolicy, introductions: Introductions, budget: DialBudget, nowMs: number) {
    this.#table = table
    this.#policy = policy
    this.#introductions = introductions
    this.#budget = budget
    this.#dueMs = nowMs + lookOverEveryMs
  }

  handle(event: LinkKeeperEvent, nowMs: number): LinkKeeperEffect[] {
    switch (event.type) {
      case 'linked':
        this.#avoidance.forgive(event.id)
        this.#newUntilMs ??= nowMs + newcomerMs
        break
      case 'lookedAround':
        if (!this.#isNew(nowMs)) return []
        this.#newUntilMs = nowMs
        this.#lookedMs = -Infinity
        break
      case 'failed': {
        const times = this.#avoidance.note(event.id, event.reason, nowMs)
        this.#changed(nowMs)
        return event.reason === 'silent' && times >= silencesMax ? [{ type: 'forget', id: event.id }] : []
      }
      case 'refused':
        this.#avoidance.noteUntil(event.id, nowMs + event.retryAfterMs)
        break
      case 'roleChanged':
        this.#recalledMs = -Infinity
        break
      case 'changed':
        break
      case 'woke':
        return nowMs >= this.#dueMs ? this.#lookOver(nowMs) : []
    }
    this.#changed(nowMs)
    return []
  }

  get wakeAtMs(): number {
    return this.#dueMs
  }

  #isNew(nowMs: number): boolean {
    return this.#newUntilMs !== undefined && nowMs < this.#newUntilMs
  }

  #changed(nowMs: number): void {
    this.#keepAtMs = -Infinity
    this.#dialAtMs = -Infinity
    const delayMs = this.#table.linkCount === 0 ? 0 : lookOverDelayMs
    this.#dueMs = Math.min(this.#dueMs, Math.max(nowMs + delayMs, this.#lookedMs + lookOverGapMs))
  }

  #lookOver(nowMs: number): LinkKeeperEffect[] {
    this.#lookedMs = nowMs
    if (nowMs - this.#recalledMs >= recallEveryMs) this.#recall(nowMs)
    const effects = [...(nowMs >= this.#keepAtMs ? this.#keep(nowMs) : []), ...(nowMs >= this.#dialAtMs ? this.#dial(nowMs) : [])]
    this.#dueMs = Math.max(nowMs + lookOverGapMs, Math.min(this.#keepAtMs, this.#dialAtMs))
    return effects
  }

  /** Of all that are known to be alive, those closest to this peer, as many as it wants links: its siblings, and everybody where there are few. */
  #recall(nowMs: number): void {
    this.#recalledMs = nowMs
    const { self } = this.#table
    for (const contact of this.#table.closestAlive(self, this.#policy.limits.target)) {
      const route = this.#table.routeTo(contact.id)
      const isLost = !this.#table.linkTo(contact.id) && !this.#table.known(contact.id)
      if (isLost && route && this.#table.note(contact, { route })) this.#dialAtMs = -Infinity
    }
  }

  #keep(nowMs: number): LinkKeeperEffect[] {
    const effects: LinkKeeperEffect[] = []
    const wanted = this.#policy.wanted(nowMs)
    for (const link of this.#table.links()) {
      const wantedHere = wanted.has(link.link)
      if (wantedHere !== link.wantedHere) {
        link.wantedHere = wantedHere
        effects.push({ type: 'sayWanted', link: link.link, wanted: wantedHere })
      }
    }
    const unwanted = [...this.#table.links()].filter((link) => !link.wantedHere)
    const idle = unwanted.filter((link) => !link.wantedThere)
    const old = idle.filter((link) => nowMs - link.sinceMs >= unwantedAgeMs)
    const { graceEndsMs } = this.#policy
    this.#keepAtMs = Math.min(
      nowMs + lookOverEveryMs,
      graceEndsMs > nowMs ? graceEndsMs : Infinity,
      ...idle.filter((link) => !old.includes(link)).map((link) => link.sinceMs + unwantedAgeMs),
    )
    const leaving = [
      ...old,
      ...this.#excess(
        unwanted.filter((link) => !old.includes(link)),
        old.length,
      ),
    ]
    return [...effects, ...leaving.map(({ link }): LinkKeeperEffect => ({ type: 'hangUp', link }))]
  }

  /** Beyond the hard limit (siblings are always let in) the youngest links that are not wanted here go, whatever the other end wants. */
  #excess(unwanted: readonly Link[], gone: number): Link[] {
    const count = Math.max(0, this.#table.linkCount - gone - this.#policy.limits.hard)
    return unwanted.toSorted((a, b) => b.sinceMs - a.sinceMs).slice(0, count)
  }

  #dial(nowMs: number): LinkKeeperEffect[] {
    const effects: LinkKeeperEffect[] = []
    const knocks = this.#introductions.knocksLeft
    if (knocks === 0) return effects
    let nextMs = nowMs + lookOverEveryMs
    const room = this.#isNew(nowMs) ? newcomerLinksMax - this.#table.linkCount - this.#introductions.contacts.length : Infinity
    for (const { known, why } of this.#policy.wishes((id) => this.#avoidance.includes(id, nowMs))) {
      const { id } = known.contact
      if (this.#introductions.includes(id)) continue
      const waitMs = Math.max(this.#avoidance.untilMs(id) - nowMs, why === 'bucket' ? this.#budget.waitMs(nowMs) : 0)
      if (waitMs > 0) nextMs = Math.min(nextMs, nowMs + waitMs)
      else if (effects.length >= knocks) nextMs = nowMs
      else if (why !== 'app' && effects.length >= room) nextMs = Math.min(nextMs, this.#newUntilMs!)
      else effects.push({ type: 'introduce', known, why })
    }
    this.#dialAtMs = nextMs
    return effects
  }
}
