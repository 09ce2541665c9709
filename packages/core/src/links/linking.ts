import { LateMap } from '../late-map.js'
import { DialBudget } from './dial-budget.js'
import type { Admission, Doorkeeper, Guest } from './doorkeeper.js'
import type { FreshIds } from '../fresh-ids.js'
import { Introductions, type IntroductionsEffect } from './introductions.js'
import type { Sealing } from './introduction-seal.js'
import type { Key } from '../keys/key.js'
import type { Carriage, Introduction, Why } from '../wire/letter.js'
import { LinkKeeper, type LinkKeeperEffect } from './link-keeper.js'
import type { Merging, MergingEffect, MergingEvent } from '../merging/merging.js'
import { type LinkLimits, LinkPolicy } from './link-policy.js'
import type { LinkingParts } from './linking-parts.js'
import { Liveness, type LivenessEffect } from './liveness.js'
import {
  type Answer,
  type Leaving,
  type Message,
  type MessageId,
  type Neighbours,
  type PeerRole,
  protocolVersion,
  type RoleTaken,
  type Strangers,
  type Wants,
} from '../wire/message.js'
import { Neighbourhood, type NeighbourhoodEffect } from './neighbourhood.js'
import type { Found } from '../lookups/lookup.js'
import type { LaidOutLink, LinkEvent, LinkOrder } from '../overlay-event.js'
import type { Contact } from '../keys/public-key.js'
import type { RoleKeeper, RoleKeeperEvent } from './role-keeper.js'
import type { KnownContact, Link, LinkId, RoutingTable } from './routing-table.js'

export type LinkingEvent =
  | LinkEvent
  | { type: 'said'; link: Link; message: Wants | RoleTaken | Neighbours | Leaving | Strangers }
  /** The other end broke the rules too often, or speaks another protocol. */
  | { type: 'broken'; link: LinkId }
  | { type: 'alive'; link: LinkId; rttMs: number }
  | { type: 'silent'; link: LinkId }
  /** This peer looked around for whom to link to, and met these: they answered, over these ways. */
  | { type: 'found'; contacts: readonly Found[] }
  | { type: 'met'; point: number; contacts: readonly Contact[] }
  /** An app wants a link to this peer, now. */
  | { type: 'introduce'; contact: Contact; route: readonly Key[] }
  | { type: 'introduction'; from: Contact; body: Introduction; back: Carriage }
  | { type: 'introductionUndeliverable'; to: Key }
  | { type: 'appWants'; id: Key; wanted: boolean }
  | { type: 'laidOut'; links: readonly LaidOutLink[] }
  /** What this peer would rather be. */
  | { type: 'become'; role: PeerRole }
  | { type: 'resumed' }
  /** To a question of `Merging`. */
  | { type: 'answered'; id: MessageId; from: Key; answer: Answer }
  | { type: 'undeliverable'; id: MessageId }
  | ({ type: 'late' } & LinkingParts)
  | { type: 'sealing'; sealing: Sealing }
  | { type: 'woke' }

export type LinkingEffect =
  | LinkOrder
  | { type: 'send'; link: LinkId; message: Message }
  | { type: 'linked'; contact: Contact; link: LinkId; sibling: boolean }
  | { type: 'unlinked'; contact: Contact; link: LinkId; sibling: boolean }
  /** Linked peers say that they are linked to these now, or no more. */
  | { type: 'neighboursChanged'; contacts: readonly Contact[] }
  /** This peer is this from now on; its links are told. */
  | { type: 'tookRole'; role: PeerRole }
  /** Its links may all be dead: a meeting point is the way back. */
  | { type: 'drawn' }
  | { type: 'notIntroduced'; id: Key }
  | { type: 'write'; to: Key; body: Introduction; carriage: Carriage }
  | { type: 'ping'; link: LinkId; to: Key }
  | Extract<MergingEffect, { type: 'ask' }>

/** Everything about links, put together: which to have, how they are made, whether they live, and what is said of the surroundings over them. */
export class Linking {
  readonly #table: RoutingTable
  readonly #policy: LinkPolicy
  readonly #introductions: Introductions
  readonly #keeper: LinkKeeper
  readonly #liveness: Liveness
  readonly #neighbourhood: Neighbourhood
  readonly #ids: FreshIds
  /** What it is made with may come late: until then, whom each meeting point named last is remembered. */
  #parts: LinkingParts | undefined
  readonly #metEarly = new LateMap<number, Extract<MergingEvent, { type: 'met' }>>()
  /** Made when anybody is met, or tells of strangers: in most peers of a large overlay that never happens. */
  #merging: Merging | undefined
  /** Made when it is wished that this peer be a leaf. */
  #role: RoleKeeper | undefined
  #wish: PeerRole = 'full'
  /** Made when somebody knocks. */
  #doorkeeper: Doorkeeper | undefined
  #dueMs: number | undefined
  /** As of the event that is handled. */
  #unixS = 0

  constructor(table: RoutingTable, ids: FreshIds, limits: LinkLimits, nowMs: number, parts?: LinkingParts, sealing?: Sealing) {
    const budget = new DialBudget(nowMs)
    this.#table = table
    this.#policy = new LinkPolicy(table, limits, () => this.#introductions.contacts)
    this.#introductions = new Introductions(
      table.self,
      ids,
      budget,
      (guest, admittedMs) => this.#admits(guest, admittedMs),
      (id) => this.#policy.isWantedHere(id),
      sealing,
    )
    this.#keeper = new LinkKeeper(table, this.#policy, this.#introductions, budget, nowMs)
    this.#liveness = new Liveness(table)
    this.#neighbourhood = new Neighbourhood(table)
    this.#ids = ids
    this.#parts = parts
  }

  handle(event: LinkingEvent, nowMs: number, unixS: number): LinkingEffect[] {
    this.#dueMs = undefined
    this.#unixS = unixS
    switch (event.type) {
      case 'described':
      case 'candidates':
      case 'opened':
      case 'sealing':
        return this.#introduced(this.#introductions.handle(event, nowMs, this.#unixS), nowMs)
      case 'introduction':
        return this.#introduced(this.#introductions.handle({ ...event, type: 'letter' }, nowMs, unixS), nowMs)
      case 'introductionUndeliverable':
        return this.#introduced(this.#introductions.handle({ type: 'undeliverable', to: event.to }, nowMs, this.#unixS), nowMs)
      case 'closed':
        if (this.#table.byLinkId(event.link)) return this.#unlink(event.link, !this.#table.byLinkId(event.link)!.wantedThere, nowMs)
        return this.#introduced(this.#introductions.handle(event, nowMs, this.#unixS), nowMs)
      case 'broken':
        return this.#hangUp(event.link, nowMs)
      case 'troubled':
      case 'alive':
      case 'silent':
        return this.#lived(this.#liveness.handle(event, nowMs), nowMs)
      case 'said':
        return this.#said(event.link, event.message, nowMs)
      case 'found':
        this.#note(event.contacts, nowMs)
        return this.#kept(this.#keeper.handle({ type: 'lookedAround' }, nowMs), nowMs)
      case 'met':
        for (const contact of event.contacts) this.#table.note(contact, { route: [], point: event.point })
        return [...this.#merge(event, nowMs), ...this.#kept(this.#keeper.handle({ type: 'changed' }, nowMs), nowMs)]
      case 'answered':
        return this.#merge({ ...event, contacts: event.answer.type === 'found' ? event.answer.contacts : [] }, nowMs)
      case 'undeliverable':
        return this.#merge(event, nowMs)
      case 'introduce': {
        this.#table.note(event.contact, { route: event.route })
        const known = this.#table.known(event.contact.id) ?? { contact: event.contact, route: event.route, point: undefined }
        return this.#introduce(known, 'app', nowMs)
      }
      case 'appWants':
        if (event.wanted) this.#policy.appWants.add(event.id.hex)
        else this.#policy.appWants.delete(event.id.hex)
        return this.#kept(this.#keeper.handle({ type: 'changed' }, nowMs), nowMs)
      case 'laidOut':
        this.#table.layOut(event.links, nowMs)
        return []
      case 'become':
        return this.#wished(event.role, nowMs)
      case 'resumed':
        return this.#lived(this.#liveness.handle(event, nowMs), nowMs)
      case 'late': {
        this.#parts = event
        const early = [...this.#metEarly.values()]
        this.#metEarly.clear()
        return [...early.flatMap((met) => this.#merge(met, nowMs)), ...this.#wished(this.#wish, nowMs)]
      }
      case 'woke':
        return [
          ...this.#lived(this.#liveness.handle(event, nowMs), nowMs),
          ...this.#introduced(this.#introductions.handle(event, nowMs, this.#unixS), nowMs),
          ...this.#heard(this.#neighbourhood.handle(event, nowMs), nowMs),
          ...this.#merge(event, nowMs),
          ...this.#looked(event, nowMs),
          ...this.#kept(this.#keeper.handle(event, nowMs), nowMs),
        ]
    }
  }

  /** Asked for after every message, so remembered until the next event. When links were heard since it is too early, which does no harm. */
  get wakeAtMs(): number {
    return (this.#dueMs ??= this.#earliestMs())
  }

  /** Whether this answer is to a question that `ask` ordered. */
  awaits(id: MessageId): boolean {
    return this.#merging?.awaits(id) ?? false
  }

  #earliestMs(): number {
    const { wakeAtMs: keeper } = this.#keeper
    return Math.min(
      keeper,
      this.#introductions.wakeAtMs ?? keeper,
      this.#liveness.wakeAtMs ?? keeper,
      this.#neighbourhood.wakeAtMs ?? keeper,
      this.#merging?.wakeAtMs ?? keeper,
      this.#role?.wakeAtMs ?? keeper,
    )
  }

  #said(link: Link, message: Wants | RoleTaken | Neighbours | Leaving | Strangers, nowMs: number): LinkingEffect[] {
    switch (message.type) {
      case 'wants':
        link.wantedThere = message.wanted
        return this.#kept(this.#keeper.handle({ type: 'changed' }, nowMs), nowMs)
      case 'role':
        return this.#otherTookRole(link, message.role, nowMs)
      case 'neighbours':
        return this.#heard(this.#neighbourhood.handle({ type: 'told', link: link.link, message }, nowMs), nowMs)
      case 'leaving':
        return this.#hangUp(link.link, nowMs)
      case 'strangers':
        return this.#merge({ type: 'told', link, contacts: message.contacts }, nowMs)
    }
  }

  #otherTookRole(link: Link, role: PeerRole, nowMs: number): LinkingEffect[] {
    if (role === link.role) return []
    const { contact } = link
    this.#table.tookRole(link, role)
    this.#neighbourhood.handle({ type: role === 'leaf' ? 'steppedDown' : 'steppedUp', contact }, nowMs)
    return [
      { type: 'neighboursChanged', contacts: [contact] },
      ...this.#looked({ type: 'changed' }, nowMs),
      ...this.#kept(this.#keeper.handle({ type: 'changed' }, nowMs), nowMs),
    ]
  }

  #wished(role: PeerRole, nowMs: number): LinkingEffect[] {
    this.#wish = role
    if (role === 'leaf') this.#role ??= this.#parts?.newRoleKeeper(this.#table, this.#ids)
    return this.#looked({ type: 'wished', role }, nowMs)
  }

  /** Looks whether this peer is to be something else. */
  #looked(event: RoleKeeperEvent, nowMs: number): LinkingEffect[] {
    const role = this.#role?.handle(event, nowMs)
    if (!role) return []
    this.#table.leafSinceMs = role === 'leaf' ? nowMs : undefined
    return [
      ...[...this.#table.links()].map(({ link }): LinkingEffect => ({ type: 'send', link, message: { type: 'role', role } })),
      { type: 'tookRole', role },
      ...this.#kept(this.#keeper.handle({ type: 'roleChanged' }, nowMs), nowMs),
    ]
  }

  #introduce(known: KnownContact, why: Why, nowMs: number): LinkingEffect[] {
    const overlay: Carriage[] =
      this.#table.linkCount > 0 ? [{ by: 'overlay', route: this.#table.routeTo(known.contact.id) ?? known.route }] : []
    const point: Carriage[] = known.point === undefined ? [] : [{ by: 'meetingPoint', point: known.point }]
    // Over the overlay when a way is known; else where it was met first, and greedily last.
    const carriages = known.route.length > 0 || point.length === 0 ? [...overlay, ...point] : [...point, ...overlay]
    return this.#introduced(
      this.#introductions.handle({ type: 'begin', contact: known.contact, why, carriages }, nowMs, this.#unixS),
      nowMs,
    )
  }

  #introduced(effects: readonly IntroductionsEffect[], nowMs: number): LinkingEffect[] {
    return effects.flatMap((effect): LinkingEffect[] => {
      switch (effect.type) {
        case 'linked':
          return this.#link(effect.contact, effect.link, nowMs)
        case 'failed': {
          const kept = this.#keeper.handle({ type: 'failed', id: effect.contact.id, reason: effect.reason }, nowMs)
          return [...this.#kept(kept, nowMs), { type: 'notIntroduced', id: effect.contact.id }]
        }
        case 'refused': {
          const kept = this.#keeper.handle({ type: 'refused', id: effect.contact.id, retryAfterMs: effect.retryAfterMs }, nowMs)
          return [...this.#kept(kept, nowMs), { type: 'notIntroduced', id: effect.contact.id }]
        }
        default:
          return [effect]
      }
    })
  }

  #admits(guest: Guest, nowMs: number): Admission {
    this.#doorkeeper ??= this.#parts?.newDoorkeeper(nowMs)
    const heard = this.#doorkeeper?.lets(guest, this.#policy.isWantedHere(guest.contact.id), nowMs) ?? 'yes'
    return heard === 'yes' ? this.#policy.admits(guest.contact, guest.why) : heard
  }

  #link(contact: Contact, link: LinkId, nowMs: number): LinkingEffect[] {
    const sibling = this.#policy.wouldBeSibling(contact.id)
    const replaced = this.#table.addLink(link, contact, nowMs)
    this.#doorkeeper?.linked(contact.id, nowMs)
    this.#neighbourhood.handle({ type: 'linked', contact }, nowMs)
    if (replaced) this.#liveness.handle({ type: 'unlinked', link: replaced.link }, nowMs)
    return [
      ...(replaced ? [{ type: 'end', link: replaced.link } as const] : []),
      { type: 'send', link, message: { type: 'hello', version: protocolVersion } },
      ...(this.#table.role === 'leaf' ? [{ type: 'send', link, message: { type: 'role', role: 'leaf' } } as const] : []),
      { type: 'linked', contact, link, sibling },
      ...this.#lived(this.#liveness.handle({ type: 'linked', link }, nowMs), nowMs),
      ...this.#merge({ type: 'linked', contact }, nowMs),
      ...this.#looked({ type: 'changed' }, nowMs),
      ...this.#kept(this.#keeper.handle({ type: 'linked', id: contact.id }, nowMs), nowMs),
    ]
  }

  /** `byUs`: only because there is no more use for it. */
  #hangUp(link: LinkId, nowMs: number, byUs = false): LinkingEffect[] {
    return [...this.#unlink(link, byUs, nowMs), { type: 'end', link }]
  }

  #unlink(link: LinkId, byUs: boolean, nowMs: number): LinkingEffect[] {
    const sibling = this.#table.siblings().some((one) => one.link === link)
    const gone = this.#table.removeLink(link)
    if (!gone) return []
    this.#neighbourhood.handle({ type: 'unlinked', contact: gone.contact, byUs }, nowMs)
    this.#liveness.handle({ type: 'unlinked', link }, nowMs)
    // A leaf comes back to those whom it had no more use for.
    if (byUs && this.#table.role === 'leaf') this.#table.note(gone.contact, { route: this.#table.routeTo(gone.contact.id) ?? [] })
    return [
      { type: 'unlinked', contact: gone.contact, link, sibling },
      ...(sibling ? [{ type: 'neighboursChanged', contacts: gone.neighbours.contacts } as const] : []),
      ...this.#looked({ type: 'changed' }, nowMs),
      ...this.#kept(this.#keeper.handle({ type: 'changed' }, nowMs), nowMs),
    ]
  }

  #kept(effects: readonly LinkKeeperEffect[], nowMs: number): LinkingEffect[] {
    return effects.flatMap((effect): LinkingEffect[] => {
      switch (effect.type) {
        case 'sayWanted':
          return [{ type: 'send', link: effect.link, message: { type: 'wants', wanted: effect.wanted } }]
        case 'hangUp':
          return this.#hangUp(effect.link, nowMs, true)
        case 'introduce':
          return this.#introduce(effect.known, effect.why, nowMs)
        case 'forget':
          this.#table.forget(effect.id)
          return []
      }
    })
  }

  #lived(effects: readonly LivenessEffect[], nowMs: number): LinkingEffect[] {
    return effects.flatMap((effect): LinkingEffect[] => {
      switch (effect.type) {
        case 'giveUp':
          return this.#hangUp(effect.link, nowMs)
        case 'stoodStill':
          return [{ type: 'drawn' }, ...this.#introduced(this.#introductions.handle(effect, nowMs, this.#unixS), nowMs)]
        case 'ping':
          return [effect]
      }
    })
  }

  #heard(effects: readonly NeighbourhoodEffect[], nowMs: number): LinkingEffect[] {
    return effects.flatMap((effect): LinkingEffect[] => {
      if (effect.type === 'tell') return [{ type: 'send', link: effect.link, message: effect.message }]
      const route = [effect.link.contact.id]
      for (const { id } of effect.went) if (this.#table.known(id) && !this.#table.isAlive(id)) this.#table.forget(id)
      this.#note(
        effect.named.map((contact) => ({ contact, route })),
        nowMs,
      )
      const contacts = [...effect.came, ...effect.went]
      const changed: LinkingEffect[] = contacts.length > 0 ? [{ type: 'neighboursChanged', contacts }] : []
      return [...changed, ...this.#looked({ type: 'changed' }, nowMs)]
    })
  }

  #merge(event: MergingEvent, nowMs: number): LinkingEffect[] {
    if (event.type === 'met' && !this.#parts) this.#metEarly.set(event.point, event)
    if (event.type === 'met' || event.type === 'told') this.#merging ??= this.#parts?.newMerging(this.#table, this.#ids, nowMs)
    return this.#merging ? this.#merged(this.#merging.handle(event, nowMs), nowMs) : []
  }

  #merged(effects: readonly MergingEffect[], nowMs: number): LinkingEffect[] {
    return effects.flatMap((effect): LinkingEffect[] => {
      switch (effect.type) {
        case 'ask':
          return [effect]
        case 'tell':
          return [{ ...effect, type: 'send' }]
        case 'found':
          this.#note(effect.contacts, nowMs)
          return []
        case 'introduce':
          return this.#introduce({ contact: effect.contact, point: effect.point, route: [] }, 'app', nowMs)
      }
    })
  }

  /** Notes contacts and the ways to them. Only those that were not known, and that a link may be wanted to, are a reason to look the links over. */
  #note(contacts: readonly Found[], nowMs: number): void {
    const fresh = contacts.filter(({ contact, route }) => route.length > 0 && this.#table.note(contact, { route }))
    if (fresh.some(({ contact }) => this.#policy.hasUseFor(contact.id))) this.#keeper.handle({ type: 'changed' }, nowMs)
  }
}
