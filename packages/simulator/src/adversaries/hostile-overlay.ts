import {
  type Answer,
  type Contact,
  hopsMax,
  Key,
  type LinkId,
  type Message,
  type MessageId,
  Overlay,
  type OverlayEffect,
  type OverlayEvent,
  type OverlayOptions,
} from '@hashtab/core'
import type { RandomSource } from '../random-source.js'
import type { Conduct } from './conduct.js'

/** What is said later than it was ordered. */
interface Postponed {
  readonly atMs: number
  readonly effect: OverlayEffect
}

/**
 * A hostile peer: a real overlay, so that it is linked, named and asked like any other, behind a driver that misbehaves. All that comes in and all that is ordered passes
 * through its conducts.
 */
export class HostileOverlay extends Overlay {
  readonly contact: Contact
  readonly random: RandomSource
  /** Whom it is linked to. */
  readonly links = new Map<LinkId, Contact>()
  nowMs: number
  readonly #unixOffsetMs: number
  readonly #conducts: readonly Conduct[]
  readonly #actAtMs: number[]
  /** The earliest first. */
  readonly #postponed: Postponed[] = []
  #said: OverlayEffect[] = []
  #greeted: LinkId = 0

  constructor(options: OverlayOptions, conducts: readonly Conduct[], random: RandomSource) {
    super(options)
    this.contact = options.contact
    this.random = random
    this.nowMs = options.nowMs
    this.#unixOffsetMs = options.unixMs - options.nowMs
    this.#conducts = conducts
    // Not all at one moment.
    this.#actAtMs = conducts.map(({ actsEveryMs = Infinity }) => options.nowMs + actsEveryMs * random.share())
  }

  override handle(event: OverlayEvent, nowMs: number): OverlayEffect[] {
    this.nowMs = nowMs
    this.#said = []
    if (event.type === 'laidOut') for (const { link, contact } of event.links) this.links.set(link, contact)
    if (event.type === 'woke') this.#act()
    const told = this.#conducts.reduce<OverlayEvent | undefined>(
      (heard, conduct) => (heard && conduct.hears ? conduct.hears(heard, this) : heard),
      event,
    )
    const ordered = told ? super.handle(told, nowMs) : []
    for (const effect of ordered) this.#noteLink(effect)
    const done = ordered.flatMap((effect) => this.#done(effect) ?? [])
    return [...done, ...this.#said]
  }

  get unixS(): number {
    return Math.floor((this.nowMs + this.#unixOffsetMs) / 1_000)
  }

  override get wakeAtMs(): number {
    return Math.min(super.wakeAtMs, ...this.#actAtMs, this.#postponed[0]?.atMs ?? Infinity)
  }

  say(link: LinkId, message: Message): void {
    this.do({ type: 'send', link, message })
  }

  /** Besides what its overlay orders. */
  do(effect: OverlayEffect): void {
    this.#said.push(effect)
  }

  postpone(effect: OverlayEffect, byMs: number): void {
    const atMs = this.nowMs + byMs
    this.#postponed.splice(this.#postponed.findLastIndex((one) => one.atMs <= atMs) + 1, 0, { atMs, effect })
  }

  /** Answers what came over this link and passed these peers, the asker first. */
  answer(link: LinkId, id: MessageId, path: readonly Key[], answer: Answer): void {
    const route = path.slice(1, -1).reverse()
    const payload = { type: 'response', id, answer } as const
    this.say(link, { type: 'envelope', destination: path[0]!, route, path: [this.self], hopsLeft: hopsMax, payload })
  }

  /** Of those it is linked to, the closest to a key, or with `-1` the farthest, which none of these are. */
  linkedBy(target: Key, order: 1 | -1, passed: readonly Key[] = []): [LinkId, Contact][] {
    return [...this.links]
      .filter(([, { id }]) => !passed.some((one) => one.equals(id)))
      .sort(([, a], [, b]) => order * Key.compare(target, a.id, b.id))
  }

  /** A link begins with a greeting; then it is told of. */
  #noteLink(effect: OverlayEffect): void {
    if (effect.type === 'send' && effect.message.type === 'hello') this.#greeted = effect.link
    if (effect.type === 'linked') this.links.set(this.#greeted, effect.contact)
    if (effect.type !== 'unlinked') return
    for (const [link, { id }] of this.links) if (id.equals(effect.contact.id)) this.links.delete(link)
  }

  #done(effect: OverlayEffect): OverlayEffect | undefined {
    return this.#conducts.reduce<OverlayEffect | undefined>(
      (ordered, conduct) => (ordered && conduct.orders ? conduct.orders(ordered, this) : ordered),
      effect,
    )
  }

  #act(): void {
    for (const [i, conduct] of this.#conducts.entries()) {
      if (this.#actAtMs[i]! > this.nowMs) continue
      this.#actAtMs[i] = this.nowMs + conduct.actsEveryMs!
      conduct.acts?.(this)
    }
    const later = this.#postponed.findIndex(({ atMs }) => atMs > this.nowMs)
    const due = this.#postponed.splice(0, later < 0 ? this.#postponed.length : later)
    this.#said.push(...due.map(({ effect }) => effect))
  }
}
