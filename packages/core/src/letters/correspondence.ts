import { LateMap } from '../late-map.js'
import { Channels, channelsMax, type ChannelsEffect } from './channels.js'
import type { FreshIds } from '../fresh-ids.js'
import type { CipherSuite } from '../keys/cipher-suite.js'
import type { Key } from '../keys/key.js'
import type { Carriage, ChannelId, Greeting, LetterBody, SessionId, Whisper } from '../wire/letter.js'
import { MailRoom, type MailEffect } from './mail.js'
import type { MessageId, Secret } from '../wire/message.js'
import type { OperationId } from '../lookups/operations.js'
import type { CallOutcome, OverlayNotice } from '../overlay-event.js'
import type { Contact } from '../keys/public-key.js'
import { Sessions, type SessionsEffect } from './sessions.js'
import type { LinkId, RoutingTable } from '../links/routing-table.js'

export type CorrespondenceEvent =
  /** It came as a letter. `back`: how an answer goes back to the writer. */
  | { type: 'letter'; from: Contact; body: Greeting; back: Carriage }
  /** It was said over the link. */
  | { type: 'spoken'; from: Contact; body: LetterBody }
  | { type: 'secret'; secret: Secret; from: Key; back: readonly Key[] }
  | { type: 'forgotten'; session: SessionId }
  | { type: 'mail'; operation: OperationId; to: Key; data: Uint8Array }
  | { type: 'connect'; operation: OperationId; to: Key }
  | { type: 'channelSend'; operation: OperationId; channel: ChannelId; data: Uint8Array }
  | { type: 'channelClose'; channel: ChannelId }
  | { type: 'cancel'; operation: OperationId }
  | { type: 'located'; operation: OperationId; contact: Contact | undefined; route: readonly Key[] }
  | { type: 'undeliverable'; letter: MessageId }
  | { type: 'linked' | 'unlinked' | 'introductionFailed'; to: Key }
  | { type: 'woke' }

export type CorrespondenceEffect =
  | { type: 'spoken'; link: LinkId; id: MessageId; body: LetterBody }
  | { type: 'seal'; id: MessageId; to: Key; body: Greeting; carriage: Carriage }
  | Extract<SessionsEffect, { type: 'dispatch' | 'dropped' }>
  | { type: 'locate'; operation: OperationId; target: Key }
  | { type: 'introduce'; contact: Contact; route: readonly Key[] }
  | { type: 'appWants'; id: Key; wanted: boolean }
  | { type: 'finish'; operation: OperationId; outcome: CallOutcome }
  | Extract<OverlayNotice, { type: 'mail' | 'channelOpened' | 'channelMessage' | 'channelClosed' }>

/** Makes the correspondence of one peer. */
export type NewCorrespondence = (table: RoutingTable, ids: FreshIds) => Correspondence

/**
 * What apps say to each other, put together: mail, channels, and the keys they are encrypted under.
 * To a linked peer it is spoken over the link, and to all others it is encrypted. Each whisper takes the best way there is at that moment, so nothing is moved when a link comes or goes.
 */
export class Correspondence {
  readonly #table: RoutingTable
  readonly #ids: FreshIds
  readonly #mail: MailRoom
  readonly #channels: Channels
  readonly #sessions: Sessions
  /** Ways that lookups found to peers with a channel: by the hex of their id. */
  readonly #routes = new LateMap<string, readonly Key[]>()

  #dueMs: number | undefined
  /** Of the event that is being handled. */
  #nowMs = 0
  #unixS = 0

  constructor(table: RoutingTable, ids: FreshIds, suite: CipherSuite) {
    this.#table = table
    this.#ids = ids
    this.#mail = new MailRoom(ids)
    this.#channels = new Channels(ids)
    this.#sessions = new Sessions(table.self, suite, ids)
  }

  handle(event: CorrespondenceEvent, nowMs: number, unixS: number): CorrespondenceEffect[] {
    this.#dueMs = undefined
    this.#nowMs = nowMs
    this.#unixS = unixS
    switch (event.type) {
      case 'letter':
        return this.#whispered(this.#sessions.handle(event, nowMs, unixS))
      case 'spoken':
        return isWhisper(event.body) ? this.#heard(event.from, event.body, undefined) : []
      case 'secret':
      case 'forgotten':
        return this.#whispered(this.#sessions.handle(event, nowMs, unixS))
      case 'mail':
        return this.#mailed(this.#mail.handle({ ...event, type: 'send', unixS }, nowMs))
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
        const whispered = this.#whispered(this.#sessions.handle(event, nowMs, unixS))
        return [...whispered, ...this.#mailed(this.#mail.handle(event, nowMs))]
      }
      case 'linked':
        this.#routes.delete(event.to.hex)
        return this.#channeled(this.#channels.handle({ type: 'linked', to: event.to }, nowMs))
      case 'unlinked':
      case 'introductionFailed':
        return this.#channeled(this.#channels.handle({ type: event.type, to: event.to }, nowMs))
      case 'woke':
        return [
          ...this.#whispered(this.#sessions.handle(event, nowMs, unixS)),
          ...this.#mailed(this.#mail.handle(event, nowMs)),
          ...this.#channeled(this.#channels.handle(event, nowMs)),
        ]
    }
  }

  /** Asked for after every message, so remembered until the next event. Infinity: waiting for nothing. */
  get wakeAtMs(): number {
    return (this.#dueMs ??= Math.min(
      this.#mail.wakeAtMs ?? Infinity,
      this.#channels.wakeAtMs ?? Infinity,
      this.#sessions.wakeAtMs ?? Infinity,
    ))
  }

  /** `back`: the way to the other end; undefined: over the link. */
  #heard(from: Contact, body: Whisper, back: readonly Key[] | undefined): CorrespondenceEffect[] {
    if (body.type === 'mail' || body.type === 'received') {
      return this.#mailed(this.#mail.handle({ type: 'letter', from, body, back, unixS: this.#unixS }, this.#nowMs))
    }
    const effects = this.#channels.handle({ type: 'letter', from, body }, this.#nowMs)
    if (back) this.#remember(from.id, back)
    return this.#channeled(effects, back)
  }

  /** Only of peers with a channel: anybody may write. */
  #remember(id: Key, route: readonly Key[]): void {
    if (this.#channels.involves(id)) this.#routes.keep(id.hex, route, channelsMax)
  }

  #write(to: Key, body: Whisper, id: MessageId, way: readonly Key[] | undefined): CorrespondenceEffect[] {
    const link = this.#table.linkTo(to)
    if (link) return [{ type: 'spoken', link: link.link, id, body }]
    const route = way ?? this.#table.routeTo(to) ?? []
    return this.#whispered(this.#sessions.handle({ type: 'write', id, to, body, route }, this.#nowMs, this.#unixS))
  }

  #whispered(effects: readonly SessionsEffect[]): CorrespondenceEffect[] {
    return effects.flatMap((effect): CorrespondenceEffect[] => {
      switch (effect.type) {
        case 'heard':
          return this.#heard(effect.from, effect.body, effect.back)
        case 'renewed':
          return this.#channeled(this.#channels.handle({ type: 'renewed', to: effect.to }, this.#nowMs))
        case 'undeliverable':
          return this.#mailed(this.#mail.handle(effect, this.#nowMs))
        default:
          return [effect]
      }
    })
  }

  #mailed(effects: readonly MailEffect[]): CorrespondenceEffect[] {
    return effects.flatMap((effect): CorrespondenceEffect[] => {
      switch (effect.type) {
        case 'write':
          return this.#write(effect.to, effect.body, effect.id, effect.route)
        case 'locate':
          return [effect]
        case 'deliver':
          return [{ type: 'mail', from: effect.from, data: effect.data }]
        case 'finish':
          return [{ type: 'finish', operation: effect.operation, outcome: mailed(effect.outcome) }]
      }
    })
  }

  /** `back`: the way by which came what this answers. */
  #channeled(effects: readonly ChannelsEffect[], back?: readonly Key[]): CorrespondenceEffect[] {
    return effects.flatMap((effect): CorrespondenceEffect[] => {
      switch (effect.type) {
        case 'locate':
          return [effect]
        case 'introduce':
          return [{ ...effect, route: this.#routes.get(effect.contact.id.hex) ?? [] }]
        case 'write':
          return this.#write(effect.to, effect.body, this.#ids.message(), this.#routes.get(effect.to.hex) ?? back)
        case 'opened': {
          const { operation, channel, contact } = effect
          const wants: CorrespondenceEffect = { type: 'appWants', id: contact.id, wanted: true }
          const opened: CorrespondenceEffect = { type: 'channelOpened', channel, contact, byUs: operation !== undefined }
          if (operation === undefined) return [wants, opened]
          return [wants, opened, { type: 'finish', operation, outcome: { type: 'connected', channel, contact } }]
        }
        case 'message':
          return [{ type: 'channelMessage', channel: effect.channel, data: effect.data }]
        case 'finish':
          return [{ type: 'finish', operation: effect.operation, outcome: { type: channelOutcomes[effect.outcome] } }]
        case 'closed': {
          const { channel, contact, reason } = effect
          const last = !this.#channels.involves(contact.id)
          if (last) this.#routes.delete(contact.id.hex)
          const unwanted: CorrespondenceEffect[] = last ? [{ type: 'appWants', id: contact.id, wanted: false }] : []
          return [...unwanted, { type: 'channelClosed', channel, reason }]
        }
      }
    })
  }
}

function isWhisper(body: LetterBody): body is Whisper {
  switch (body.type) {
    case 'mail':
    case 'received':
    case 'open':
    case 'opened':
    case 'part':
    case 'progress':
    case 'probe':
    case 'close':
      return true
    default:
      return false
  }
}

const channelOutcomes = { sent: 'sent', closed: 'notSent', unreachable: 'notConnected', tooMany: 'tooMany' } as const

function mailed(outcome: Extract<MailEffect, { type: 'finish' }>['outcome']): CallOutcome {
  return outcome === 'tooMany' ? { type: outcome } : { type: 'mailed', received: outcome === 'received' }
}
