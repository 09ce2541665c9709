import { LateMap } from '../late-map.js'
import { Channels, channelsMax, type ChannelsEffect } from './channels.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { Carriage, ChannelFrame, ChannelId, Introduction, LetterBody } from '../wire/letter.js'
import { MailRoom, type MailEffect } from './mail.js'
import type { MessageId } from '../wire/message.js'
import type { OperationId } from '../lookups/operations.js'
import type { CallOutcome, OverlayNotice } from '../overlay-event.js'
import type { Contact } from '../keys/public-key.js'
import type { LinkId, RoutingTable } from '../links/routing-table.js'

/** Introductions under way whose fate is remembered. */
export const lettersMax = 256

export type PostEvent =
  /** `back`: how an answer goes back to the writer; undefined: it was spoken over the link. */
  | { type: 'letter'; from: Contact; body: LetterBody; back: Carriage | undefined; unixS: number }
  | { type: 'introduction'; to: Key; body: Introduction; carriage: Carriage }
  | { type: 'mail'; operation: OperationId; to: Key; data: Uint8Array; unixS: number }
  | { type: 'connect'; operation: OperationId; to: Key }
  | { type: 'channelSend'; operation: OperationId; channel: ChannelId; data: Uint8Array }
  | { type: 'channelClose'; channel: ChannelId }
  | { type: 'cancel'; operation: OperationId }
  | { type: 'located'; operation: OperationId; contact: Contact | undefined; route: readonly Key[] }
  | { type: 'undeliverable'; letter: MessageId }
  | { type: 'linked' | 'unlinked' | 'introductionFailed'; to: Key }
  | { type: 'woke' }

export type PostEffect =
  | { type: 'spoken'; link: LinkId; id: MessageId; body: LetterBody }
  | { type: 'seal'; id: MessageId; to: Key; body: LetterBody; carriage: Carriage }
  | { type: 'locate'; operation: OperationId; target: Key }
  | { type: 'introduce'; contact: Contact; route: readonly Key[] }
  | { type: 'introduction'; from: Contact; body: Introduction; back: Carriage }
  | { type: 'introductionUndeliverable'; to: Key }
  | { type: 'appWants'; id: Key; wanted: boolean }
  | { type: 'finish'; operation: OperationId; outcome: CallOutcome }
  | Extract<OverlayNotice, { type: 'mail' | 'channelOpened' | 'channelMessage' | 'channelClosed' }>

/**
 * What peers write to each other, put together: mail, channels, and the carriage of letters. What is for a linked peer is spoken
 * over the link, all else goes as a signed letter; introductions always do, for the link they replace may be dead.
 */
export class Post {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #mail: MailRoom
  readonly #channels: Channels
  readonly #introductions = new LateMap<MessageId, Key>()
  /** Ways that lookups found to peers with a channel: by the hex of their id. */
  readonly #routes = new LateMap<string, readonly Key[]>()

  #dueMs: number | undefined

  constructor(table: RoutingTable, ids: FreshIds) {
    this.#table = table
    this.#ids = ids
    this.#mail = new MailRoom(ids)
    this.#channels = new Channels(ids)
  }

  handle(event: PostEvent, nowMs: number): PostEffect[] {
    this.#dueMs = undefined
    switch (event.type) {
      case 'letter':
        return this.#letter(event, nowMs)
      case 'introduction': {
        const id = this.#ids.message()
        this.#introductions.set(id, event.to)
        const [oldest] = this.#introductions.keys()
        if (this.#introductions.size > lettersMax && oldest) this.#introductions.delete(oldest)
        return [{ type: 'seal', id, to: event.to, body: event.body, carriage: event.carriage }]
      }
      case 'mail':
        return this.#mailed(this.#mail.handle({ ...event, type: 'send' }, nowMs))
      case 'connect': {
        const { operation, to } = event
        const known = this.#table.linkTo(to)?.contact ?? this.#table.known(to)?.contact
        return this.#channeled(
          this.#channels.handle({ type: 'connect', operation, to, contact: known, linked: this.#table.linkTo(to) !== undefined }, nowMs),
        )
      }
      case 'channelSend':
        return this.#channeled(this.#channels.handle({ ...event, type: 'send' }, nowMs))
      case 'channelClose':
        return this.#channeled(this.#channels.handle({ ...event, type: 'close' }, nowMs))
      case 'cancel':
        this.#mail.handle({ type: 'cancelled', operation: event.operation }, nowMs)
        return this.#channeled(this.#channels.handle({ type: 'cancelled', operation: event.operation }, nowMs))
      case 'located': {
        const { operation, contact, route } = event
        const linked = contact !== undefined && this.#table.linkTo(contact.id) !== undefined
        const mailed = this.#mail.handle({ type: 'located', operation, route: contact && route }, nowMs)
        const channeled = this.#channels.handle({ type: 'located', operation, contact, linked }, nowMs)
        if (contact) this.#remember(contact.id, route)
        return [...this.#mailed(mailed), ...this.#channeled(channeled)]
      }
      case 'undeliverable': {
        const to = this.#introductions.get(event.letter)
        this.#introductions.delete(event.letter)
        if (to) return [{ type: 'introductionUndeliverable', to }]
        return this.#mailed(this.#mail.handle(event, nowMs))
      }
      case 'linked':
        this.#routes.delete(event.to.hex)
        return this.#channeled(this.#channels.handle({ type: 'linked', to: event.to }, nowMs))
      case 'unlinked':
      case 'introductionFailed':
        return this.#channeled(this.#channels.handle({ type: event.type, to: event.to }, nowMs))
      case 'woke':
        return [...this.#mailed(this.#mail.handle(event, nowMs)), ...this.#channeled(this.#channels.handle(event, nowMs))]
    }
  }

  /** Asked for after every message, so remembered until the next event. Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    return (this.#dueMs ??= Math.min(this.#mail.wakeAtMs ?? Infinity, this.#channels.wakeAtMs ?? Infinity))
  }

  #letter(event: Extract<PostEvent, { type: 'letter' }>, nowMs: number): PostEffect[] {
    const { from, body, back, unixS } = event
    switch (body.type) {
      case 'knock':
      case 'offer':
      case 'answer':
      case 'candidates':
      case 'refusal':
        return back ? [{ type: 'introduction', from, body, back }] : []
      case 'mail':
      case 'received':
        return this.#mailed(this.#mail.handle({ type: 'letter', from, body, back, unixS }, nowMs))
      case 'open':
      case 'opened':
      case 'part':
      case 'progress':
      case 'probe':
      case 'close':
        return this.#frame(from, body, back, nowMs)
    }
  }

  #frame(from: Contact, body: ChannelFrame, back: Carriage | undefined, nowMs: number): PostEffect[] {
    const effects = this.#channels.handle({ type: 'letter', from, body }, nowMs)
    if (back?.by === 'overlay') this.#remember(from.id, back.route)
    return this.#channeled(effects, back?.by === 'overlay' ? back.route : undefined)
  }

  /** Only of peers with a channel: anybody may write. */
  #remember(id: Key, route: readonly Key[]): void {
    if (!this.#channels.involves(id)) return
    this.#routes.set(id.hex, route)
    const [oldest] = this.#routes.keys()
    if (this.#routes.size > channelsMax && oldest !== undefined) this.#routes.delete(oldest)
  }

  #write(to: Key, body: LetterBody, options: { id?: MessageId; route?: readonly Key[] | undefined; back?: Carriage } = {}): PostEffect {
    const id = options.id ?? this.#ids.message()
    const link = this.#table.linkTo(to)
    if (link) return { type: 'spoken', link: link.link, id, body }
    const route = options.route ?? this.#table.routeTo(to) ?? []
    return { type: 'seal', id, to, body, carriage: options.back ?? { by: 'overlay', route } }
  }

  #mailed(effects: readonly MailEffect[]): PostEffect[] {
    return effects.map((effect): PostEffect => {
      switch (effect.type) {
        case 'write':
          return this.#write(effect.to, effect.body, effect)
        case 'locate':
          return effect
        case 'deliver':
          return { type: 'mail', from: effect.from, data: effect.data }
        case 'finish':
          return { type: 'finish', operation: effect.operation, outcome: { type: 'mailed', received: effect.outcome === 'received' } }
      }
    })
  }

  /** `back`: the way by which came what this answers. */
  #channeled(effects: readonly ChannelsEffect[], back?: readonly Key[]): PostEffect[] {
    return effects.flatMap((effect): PostEffect[] => {
      switch (effect.type) {
        case 'locate':
          return [effect]
        case 'introduce':
          return [{ ...effect, route: this.#routes.get(effect.contact.id.hex) ?? [] }]
        case 'write':
          return [this.#write(effect.to, effect.body, { route: this.#routes.get(effect.to.hex) ?? back })]
        case 'opened': {
          const { operation, channel, contact } = effect
          const wants: PostEffect = { type: 'appWants', id: contact.id, wanted: true }
          const opened: PostEffect = { type: 'channelOpened', channel, contact, byUs: operation !== undefined }
          if (operation === undefined) return [wants, opened]
          return [wants, opened, { type: 'finish', operation, outcome: { type: 'connected', channel, contact } }]
        }
        case 'message':
          return [{ type: 'channelMessage', channel: effect.channel, data: effect.data }]
        case 'finish': {
          const outcome: CallOutcome =
            effect.outcome === 'unreachable' ? { type: 'notConnected' } : { type: effect.outcome === 'sent' ? 'sent' : 'notSent' }
          return [{ type: 'finish', operation: effect.operation, outcome }]
        }
        case 'closed': {
          const { channel, contact, reason } = effect
          const last = !this.#channels.involves(contact.id)
          if (last) this.#routes.delete(contact.id.hex)
          const unwanted: PostEffect[] = last ? [{ type: 'appWants', id: contact.id, wanted: false }] : []
          return [...unwanted, { type: 'channelClosed', channel, reason }]
        }
      }
    })
  }
}
