import { type ChannelFrame, type ChannelId, partBytesMax } from '../wire/letter.js'
import type { Contact } from '../keys/public-key.js'

/** Bytes of one message on a channel: what the other end must be ready to put together. */
export const channelMessageBytesMax = 1024 * 1024
/** Parts on their way at one time: 288 KiB, which fills a path of 20 Mbit/s at 100 ms. */
export const windowParts = 24
/** Without progress for this long, what is under way is sent again; doubled each time. */
export const resendMs = 2_000
/** Without any progress for this long the channel is lost. */
export const channelLostMs = 40_000
/** When nothing was heard for this long the other end is asked whether it is there: as over a link (`Liveness`), but whoever is not linked has nobody else to say so. */
export const idleMs = 120_000

/** Numbered as it goes out: until then its send may be given up. */
interface Waiting {
  /** The send that it is of, and whether it is the first or the last part of that. */
  readonly operation: number
  readonly first: boolean
  readonly last: boolean
  readonly data: Uint8Array
}

interface Part extends Waiting {
  readonly seq: number
}

export type ChannelEvent =
  | { type: 'send'; operation: number; data: Uint8Array }
  | { type: 'frame'; frame: Extract<ChannelFrame, { type: 'part' | 'progress' | 'probe' | 'close' }> }
  /** Whoever sends gave up: it is not sent, unless part of it is on its way. */
  | { type: 'cancelled'; operation: number }
  /** The link to the other end came, or went: send again, and see whether it is still there. */
  | { type: 'rerouted' }
  | { type: 'close' }
  | { type: 'woke' }

export type ChannelEffect =
  | { type: 'write'; body: ChannelFrame }
  | { type: 'message'; data: Uint8Array }
  /** The message of this send is on its way, and there is room for the next. */
  | { type: 'sent'; operation: number }
  /** It is closed, or closing: this will not be sent. */
  | { type: 'unsent'; operation: number }
  | { type: 'closed'; reason: 'closed' | 'lost' | 'abused'; unsent: readonly number[] }

/**
 * One ordered, reliable pipe between two apps, over their link or over relays alike: numbered parts, a window, and sending again.
 * Invariants: 1. messages come out whole, once, in order; 2. at most `windowParts` parts are unacknowledged, or held out of order at the other end;
 * 3. every send ends, sent or unsent; 4. it closes once, and says nothing afterwards.
 */
export class Channel {
  readonly id: ChannelId
  readonly contact: Contact
  #queue: Waiting[] = []
  readonly #underWay: Part[] = []
  #nextSeq = 0
  #limit = windowParts
  #resendAtMs: number | undefined
  #resends = 0
  #progressMs: number
  #heardMs: number
  readonly #early = new Map<number, { last: boolean; data: Uint8Array }>()
  #expected = 0
  #message: Uint8Array[] = []
  #messageBytes = 0
  /** Asked whether the other end is still there, and not answered yet. */
  #probing = false
  #closing = false
  #closed = false

  constructor(id: ChannelId, contact: Contact, nowMs: number) {
    this.id = id
    this.contact = contact
    this.#progressMs = nowMs
    this.#heardMs = nowMs
  }

  handle(event: ChannelEvent, nowMs: number): ChannelEffect[] {
    if (event.type === 'send' && (this.#closed || this.#closing)) return [{ type: 'unsent', operation: event.operation }]
    if (this.#closed) return []
    switch (event.type) {
      case 'send':
        this.#enqueue(event.data, event.operation)
        return this.#sendOn(nowMs)
      case 'cancelled':
        return this.#cancel(event.operation)
      case 'frame':
        this.#heardMs = nowMs
        return this.#frame(event.frame, nowMs)
      case 'rerouted':
        return this.#probe(nowMs)
      case 'close':
        this.#closing = true
        return this.#closeWhenDone()
      case 'woke':
        return this.#woke(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    return this.#closed ? undefined : (this.#resendAtMs ?? this.#heardMs + idleMs)
  }

  /** Whether the other end owes an answer. */
  get #awaits(): boolean {
    return this.#probing || this.#underWay.length > 0
  }

  #enqueue(data: Uint8Array, operation: number): void {
    let offset = 0
    do {
      const first = offset === 0
      const chunk = data.subarray(offset, offset + partBytesMax)
      offset += partBytesMax
      this.#queue.push({ operation, first, last: offset >= data.length, data: chunk })
    } while (offset < data.length)
  }

  #cancel(operation: number): ChannelEffect[] {
    if (this.#queue.some((part) => part.operation === operation && part.first))
      this.#queue = this.#queue.filter((part) => part.operation !== operation)
    return this.#closeWhenDone()
  }

  #sendOn(nowMs: number): ChannelEffect[] {
    const effects: ChannelEffect[] = []
    if (!this.#awaits) this.#progressMs = nowMs
    while (this.#queue.length > 0 && this.#nextSeq < this.#limit && this.#underWay.length < windowParts) {
      const part: Part = { ...this.#queue.shift()!, seq: this.#nextSeq++ }
      this.#underWay.push(part)
      effects.push(this.#write(part))
      if (part.last) effects.push({ type: 'sent', operation: part.operation })
    }
    if (this.#underWay.length > 0) this.#resendAtMs ??= nowMs + resendMs
    return effects
  }

  #frame(frame: Extract<ChannelFrame, { type: 'part' | 'progress' | 'probe' | 'close' }>, nowMs: number): ChannelEffect[] {
    switch (frame.type) {
      case 'close':
        return [this.#close('closed')]
      case 'progress':
        return this.#progress(frame.next, frame.limit, nowMs)
      case 'part':
        return this.#part(frame)
      case 'probe':
        return [this.#report()]
    }
  }

  #progress(next: number, limit: number, nowMs: number): ChannelEffect[] {
    if (next > this.#nextSeq) return [this.#close('abused')]
    const awaited = this.#probing
    const before = this.#underWay.length
    this.#probing = false
    while (this.#underWay[0] && this.#underWay[0].seq < next) this.#underWay.shift()
    this.#limit = Math.max(this.#limit, limit)
    if (awaited || this.#underWay.length < before) {
      this.#progressMs = nowMs
      this.#resends = 0
      this.#resendAtMs = undefined
    }
    return [...this.#sendOn(nowMs), ...this.#closeWhenDone()]
  }

  #part(frame: Extract<ChannelFrame, { type: 'part' }>): ChannelEffect[] {
    const effects: ChannelEffect[] = []
    // All parts of a message but its last are full: a flood of tiny ones would cost more memory than they have bytes.
    const isFull = frame.last || frame.data.length === partBytesMax
    if (!isFull || frame.seq >= this.#expected + windowParts) return [this.#close('abused')]
    if (frame.seq >= this.#expected) this.#early.set(frame.seq, { last: frame.last, data: frame.data })
    for (let part = this.#early.get(this.#expected); part; part = this.#early.get(this.#expected)) {
      this.#early.delete(this.#expected++)
      this.#message.push(part.data)
      this.#messageBytes += part.data.length
      if (this.#messageBytes > channelMessageBytesMax) return [...effects, this.#close('abused')]
      if (part.last) effects.push({ type: 'message', data: this.#takeMessage() })
    }
    return [this.#report(), ...effects]
  }

  #report(): ChannelEffect {
    return { type: 'write', body: { type: 'progress', channel: this.id, next: this.#expected, limit: this.#expected + windowParts } }
  }

  #takeMessage(): Uint8Array {
    const whole = new Uint8Array(this.#messageBytes)
    let offset = 0
    for (const data of this.#message) {
      whole.set(data, offset)
      offset += data.length
    }
    this.#message = []
    this.#messageBytes = 0
    return whole
  }

  #woke(nowMs: number): ChannelEffect[] {
    if (nowMs < (this.#resendAtMs ?? this.#heardMs + idleMs)) return []
    if (this.#resendAtMs === undefined) return this.#probe(nowMs)
    if (nowMs - this.#progressMs >= channelLostMs && this.#resends >= 3) return [this.#close('lost')]
    return this.#resend(nowMs)
  }

  /** Is the other end still there? */
  #probe(nowMs: number): ChannelEffect[] {
    if (!this.#awaits) this.#progressMs = nowMs
    this.#probing = true
    return this.#resend(nowMs)
  }

  #resend(nowMs: number): ChannelEffect[] {
    if (!this.#awaits) return []
    this.#resends += 1
    this.#resendAtMs = nowMs + resendMs * 2 ** Math.min(this.#resends, 3)
    const probe: ChannelEffect = { type: 'write', body: { type: 'probe', channel: this.id } }
    return [...(this.#probing ? [probe] : []), ...this.#underWay.map((part) => this.#write(part))]
  }

  #write({ seq, last, data }: Part): ChannelEffect {
    return { type: 'write', body: { type: 'part', channel: this.id, seq, last, data } }
  }

  /** What was sent before `close` still arrives. */
  #closeWhenDone(): ChannelEffect[] {
    if (!this.#closing || this.#queue.length > 0 || this.#underWay.length > 0) return []
    return [{ type: 'write', body: { type: 'close', channel: this.id } }, this.#close('closed')]
  }

  #close(reason: 'closed' | 'lost' | 'abused'): ChannelEffect {
    this.#closed = true
    this.#resendAtMs = undefined
    const unsent = this.#queue.filter(({ last }) => last).map(({ operation }) => operation)
    this.#queue = []
    this.#underWay.length = 0
    this.#early.clear()
    this.#message = []
    return { type: 'closed', reason, unsent }
  }
}
