import { LateSet } from '../late-set.js'
import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { Mail, MailId } from '../wire/letter.js'
import type { MessageId } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'

/** How long one try may take before the next: a relayed round trip, with room. */
export const mailTryMs = 3_000
/** Lookups for one reader: in an overlay that is just forming the first may come too early. */
const lookupsMax = 2
/** From one lookup that found nobody to the next. */
export const lookAgainMs = 1_500
/** Tries after the reader was located. */
const locatedTriesMax = 2
/** Mails on their way from here at one time. */
export const mailsMax = 256
/** Mails remembered so that a second copy is not shown again. */
export const rememberedMailsMax = 4_096
/** A letter older than this, or this far ahead, is not believed to be new: it could be a replay that is no longer remembered. */
export const mailAgeMaxS = 3_600

/** `direct`: sent the way the table knows, or greedily. `locating`: a lookup seeks the reader. `located`: sent the way it found. */
type Phase = 'direct' | 'locating' | 'located'

interface Outgoing {
  readonly operation: number
  readonly to: Key
  readonly mailId: MailId
  readonly data: Uint8Array
  readonly writtenUnixS: number
  phase: Phase
  lookups: number
  tries: number
  route: readonly Key[] | undefined
  letter: MessageId | undefined
  deadlineMs: number | undefined
}

export type MailEvent =
  | { type: 'send'; operation: number; to: Key; data: Uint8Array; unixS: number }
  /** `back`: the way to the writer; undefined: it was spoken over the link. */
  | { type: 'letter'; from: Contact; body: Mail; back: readonly Key[] | undefined; unixS: number }
  | { type: 'undeliverable'; letter: MessageId }
  | { type: 'located'; operation: number; route: readonly Key[] | undefined }
  | { type: 'cancelled'; operation: number }
  | { type: 'woke' }

export type MailEffect =
  /** Write it to `to`: over their link if there is one, else along `route` if given. */
  | { type: 'write'; id: MessageId; to: Key; body: Mail; route: readonly Key[] | undefined }
  | { type: 'locate'; operation: number; target: Key }
  | { type: 'deliver'; from: Contact; data: Uint8Array }
  | { type: 'finish'; operation: number; outcome: 'received' | 'unreachable' | 'tooMany' }

/**
 * Single messages between apps, linked or not: sent, receipted, tried again, shown once.
 * Invariants: 1. every mail ends once, received or unreachable, or at once where `mailsMax` are on their way; 2. a mail is delivered at most once while it is remembered; 3. every copy is receipted.
 */
export class MailRoom {
  readonly #ids: FreshIds
  readonly #outgoing = new LateMap<number, Outgoing>()
  readonly #remembered = new LateSet<string>()

  constructor(ids: FreshIds) {
    this.#ids = ids
  }

  handle(event: MailEvent, nowMs: number): MailEffect[] {
    switch (event.type) {
      case 'send': {
        const { operation, to, data, unixS } = event
        if (this.#outgoing.size >= mailsMax) return [{ type: 'finish', operation, outcome: 'tooMany' }]
        const mailId = this.#ids.mail()
        const draft = { operation, to, mailId, data, writtenUnixS: unixS }
        const mail: Outgoing = {
          ...draft,
          phase: 'direct',
          lookups: 0,
          tries: 0,
          route: undefined,
          letter: undefined,
          deadlineMs: undefined,
        }
        this.#outgoing.set(operation, mail)
        return this.#write(mail, nowMs)
      }
      case 'letter':
        return this.#letter(event)
      case 'undeliverable': {
        const mail = [...this.#outgoing.values()].find(({ letter, phase }) => letter === event.letter && phase !== 'locating')
        return mail ? this.#tryNext(mail, nowMs) : []
      }
      case 'located': {
        const mail = this.#outgoing.get(event.operation)
        if (mail?.phase !== 'locating') return []
        if (!event.route) return this.#notLocated(mail, nowMs)
        mail.phase = 'located'
        mail.tries = 0
        mail.route = event.route
        return this.#write(mail, nowMs)
      }
      case 'cancelled':
        this.#outgoing.delete(event.operation)
        return []
      case 'woke':
        return [...this.#outgoing.values()]
          .filter(({ deadlineMs }) => deadlineMs !== undefined && deadlineMs <= nowMs)
          .flatMap((mail) => this.#tryNext(mail, nowMs))
    }
  }

  get wakeAtMs(): number | undefined {
    const deadlines = [...this.#outgoing.values()].flatMap(({ deadlineMs }) => deadlineMs ?? [])
    return deadlines.length > 0 ? Math.min(...deadlines) : undefined
  }

  #write(mail: Outgoing, nowMs: number): MailEffect[] {
    mail.letter = this.#ids.message()
    mail.deadlineMs = nowMs + mailTryMs
    const { mailId, data, to, route, writtenUnixS } = mail
    const body: Mail = { type: 'mail', mailId, writtenUnixS, data }
    return [{ type: 'write', id: mail.letter, to, body, route }]
  }

  #tryNext(mail: Outgoing, nowMs: number): MailEffect[] {
    if (mail.phase !== 'located') {
      mail.phase = 'locating'
      mail.lookups += 1
      mail.deadlineMs = undefined
      return [{ type: 'locate', operation: mail.operation, target: mail.to }]
    }
    mail.tries += 1
    return mail.tries < locatedTriesMax ? this.#write(mail, nowMs) : [this.#finish(mail, 'unreachable')]
  }

  #notLocated(mail: Outgoing, nowMs: number): MailEffect[] {
    if (mail.lookups >= lookupsMax) return [this.#finish(mail, 'unreachable')]
    mail.deadlineMs = nowMs + lookAgainMs
    return []
  }

  #letter(event: Extract<MailEvent, { type: 'letter' }>): MailEffect[] {
    const { from, body, back, unixS } = event
    if (body.type === 'received') {
      const mail = [...this.#outgoing.values()].find(({ mailId, to }) => mailId === body.mailId && to.equals(from.id))
      return mail ? [this.#finish(mail, 'received')] : []
    }
    if (back && Math.abs(unixS - body.writtenUnixS) > mailAgeMaxS) return []
    const receipt: MailEffect = {
      type: 'write',
      id: this.#ids.message(),
      to: from.id,
      body: { type: 'received', mailId: body.mailId },
      route: back,
    }
    const name = `${from.id.hex} ${body.mailId}`
    if (this.#remembered.has(name)) return [receipt]
    this.#remembered.keep(name, rememberedMailsMax)
    return [receipt, { type: 'deliver', from, data: body.data }]
  }

  #finish(mail: Outgoing, outcome: 'received' | 'unreachable'): MailEffect {
    this.#outgoing.delete(mail.operation)
    return { type: 'finish', operation: mail.operation, outcome }
  }
}
