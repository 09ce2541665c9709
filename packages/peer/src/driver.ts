import {
  type Call,
  type CallOutcome,
  contactOf,
  decodeMessage,
  encodeMessage,
  introductionLetterBytesMax,
  isMalformed,
  type LetterBody,
  type LinkLimits,
  type Message,
  type OperationId,
  type Outcome,
  Overlay,
  type OverlayEffect,
  type OverlayEvent,
  type OverlayNotice,
  type Record,
  type Verify,
} from '@hashtab/core'
import { LetterOffice } from './letter-office.js'
import { Listeners } from './listeners.js'
import { loadLate, loadSealing } from './load-late.js'
import { MeetingPlace } from './meeting-place.js'
import type { NewChannel, PeerChannel } from './peer-channel.js'
import type { Clock } from './ports/clock.js'
import type { MeetingPoint } from './ports/meeting-point.js'
import type { Random } from './ports/random.js'
import type { Signer } from './ports/signer.js'
import type { Storage } from './ports/storage.js'
import type { Transport, TransportEvent } from './ports/transport.js'
import { Shelf } from './shelf.js'

/** What a peer is made of: everything that is not the protocol. */
export interface DriverParts {
  readonly signer: Signer
  readonly transport: Transport
  readonly storage: Storage
  readonly meetingPoints: readonly MeetingPoint[]
  readonly clock: Clock
  readonly random: Random
  readonly verify: Verify
  /** For tests: a peer (40 hex digits) for which this is false cannot be linked to, as behind NATs. Asked each time. */
  readonly mayLink?: (peerId: string) => boolean
  readonly links?: LinkLimits
}

export interface DriverEvents {
  notice: OverlayNotice
  /** Something that `status` shows may have changed. */
  changed: undefined
}

type Finish = (outcome: Outcome | CallOutcome) => void

/** Bytes that wait on one link beyond which it takes no more of what will be sent again: half of what ends it. */
const jammedBytes = 512 * 1024

/** The driver is woken at least this often, so that a wrong deadline costs seconds and not the peer. */
const sleepMaxMs = 30_000

/**
 * Runs an `Overlay` over a transport, a storage and meeting points: one queue of events, one timer, and every effect in its order.
 * What takes time (signatures, the disk) comes back as an event of its own.
 */
export class Driver {
  readonly overlay: Overlay
  readonly shelf: Shelf
  readonly place: MeetingPlace
  readonly events = new Listeners<DriverEvents>()
  readonly #parts: DriverParts
  readonly #letters: LetterOffice
  readonly #finishes = new Map<OperationId, Finish>()
  readonly #watches = new Map<OperationId, (record: Record) => void>()
  readonly #queue: OverlayEvent[] = []
  #lastOperation = 0
  #lettersUnsigned = 0
  #newChannel: NewChannel | undefined
  #running = false
  #stopped = false
  #cancelWake: (() => void) | undefined

  constructor(parts: DriverParts) {
    const { signer, clock, random, verify, links } = parts
    const contact = contactOf(signer.publicKey)
    const { id: self } = contact
    const nowMs = clock.nowMs()
    this.#parts = parts
    this.overlay = new Overlay({ contact, verify, random, nowMs, unixMs: clock.unixMs(), ...(links && { limits: links }) })
    this.shelf = new Shelf(parts.storage, clock)
    this.#letters = new LetterOffice(signer, self, verify, nowMs)
    this.place = new MeetingPlace(parts.meetingPoints, self, clock, random)
  }

  /** Restores what storage kept, and begins. */
  async start(): Promise<void> {
    // No link is made without, so it is on its way while the disk is read.
    const sealing = this.#load(loadSealing)
    const stored = await this.shelf.load()
    if (this.#stopped) return
    this.#parts.transport.start((event) => this.#transport(event))
    if (stored.size > 0) this.handle({ type: 'restored', stored })
    this.place.start(this.#parts.signer, (event) => {
      switch (event.type) {
        case 'iceServers':
          return this.#parts.transport.useIceServers(event.servers)
        case 'letter':
          return this.#open(event.letter, { by: 'meetingPoint', point: event.point }, `point ${event.point}`)
        case 'met':
        case 'drawn':
          return this.handle(event)
        case 'changed':
          return this.#changed()
      }
    })
    this.handle({ type: 'woke' })
    void sealing.then((loaded) => loaded && this.handle({ type: 'sealing', sealing: loaded }))
    // Not before a peer begins: it can do nearly all without. And not when they are first needed: the server that has them may be gone then.
    void this.#load(() => import('./late-parts.js')).then((loaded) => {
      this.#newChannel = loaded?.newChannel
      if (loaded) this.handle({ type: 'late', parts: loaded.lateParts })
    })
  }

  /** Hands an operation to the overlay; `finish` is called once, unless it is cancelled first. Answers with the operation's id. */
  begin(call: DistributiveOmit<Extract<Call, { operation: OperationId }>, 'operation'>, finish: Finish): OperationId {
    const operation = ++this.#lastOperation
    this.#finishes.set(operation, finish)
    this.handle({ ...call, operation })
    return operation
  }

  /** Begins to watch a key, until it is cancelled; `seen` is called for each record, now and when it changes. Answers with the operation's id. */
  watch(what: Pick<Extract<Call, { type: 'watch' }>, 'target' | 'want'>, seen: (record: Record) => void): OperationId {
    const operation = ++this.#lastOperation
    this.#watches.set(operation, seen)
    this.handle({ type: 'watch', operation, ...what })
    return operation
  }

  cancel(operation: OperationId): void {
    if (this.#finishes.delete(operation) || this.#watches.delete(operation)) this.handle({ type: 'cancel', operation })
  }

  /** Takes an event in its turn. */
  handle(event: OverlayEvent): void {
    if (this.#stopped) return
    this.#queue.push(event)
    if (!this.#running) this.#run()
  }

  /** The page, or the machine, stood still for a while: looks who is still there. */
  resume(): void {
    this.handle({ type: 'resumed' })
    if (this.overlay.status.links === 0) this.place.wake()
  }

  /** Says good-bye and hands over; `stop` ends it. */
  leave(): void {
    this.handle({ type: 'leave' })
  }

  /** Ends everything: links, meeting points, storage. Operations under way are forgotten: their callers are told by `Peer`. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelWake?.()
    this.#finishes.clear()
    this.#watches.clear()
    this.place.close()
    this.#parts.transport.close()
    await this.shelf.close()
  }

  /** The app's end of a channel that the overlay has opened: none is before what makes it is there. */
  newChannel(...parts: Parameters<NewChannel>): PeerChannel {
    return this.#newChannel!(...parts)
  }

  get connectionsMade(): number {
    return this.#parts.transport.connectionsMade
  }

  /** Letters of our own that the signer refused to sign. */
  get lettersUnsigned(): number {
    return this.#lettersUnsigned
  }

  #load<Part>(load: () => Promise<Part>): Promise<Part | undefined> {
    return loadLate(load, this.#parts.clock, () => this.#stopped)
  }

  #run(): void {
    const { clock } = this.#parts
    this.#running = true
    try {
      for (let event = this.#queue.shift(); event && !this.#stopped; event = this.#queue.shift()) {
        const nowMs = clock.nowMs()
        if (event.type === 'woke') this.overlay.setWallClock(clock.unixMs(), nowMs)
        for (const effect of this.overlay.handle(event, nowMs)) this.#do(effect, nowMs)
        // Deadlines are kept by messages too: timers of hidden tabs may fire once a minute.
        if (this.#queue.length === 0 && event.type !== 'woke' && this.overlay.wakeAtMs <= nowMs) this.#queue.push({ type: 'woke' })
      }
    } finally {
      this.#running = false
      this.#sleep()
    }
    this.#changed()
  }

  #sleep(): void {
    if (this.#stopped) return
    this.#cancelWake?.()
    const nowMs = this.#parts.clock.nowMs()
    const untilMs = Math.min(this.overlay.wakeAtMs, this.shelf.wakeAtMs ?? Infinity, this.place.wakeAtMs ?? Infinity, nowMs + sleepMaxMs)
    this.#cancelWake = this.#parts.clock.wake(Math.max(0, untilMs - nowMs), () => {
      const wokenMs = this.#parts.clock.nowMs()
      this.shelf.woke(wokenMs)
      const { links, estimatedPeers } = this.overlay.status
      this.place.woke(wokenMs, links, estimatedPeers)
      this.handle({ type: 'woke' })
    })
  }

  #changed(): void {
    if (!this.#stopped) this.events.emit('changed', undefined)
  }

  #transport(event: TransportEvent): void {
    switch (event.type) {
      case 'received': {
        const message = decodeMessage(event.message)
        return this.handle(isMalformed(message) ? { type: 'malformed', link: event.link } : { type: 'received', link: event.link, message })
      }
      case 'closed':
        if (event.reason === 'abused') this.handle({ type: 'malformed', link: event.link })
        return this.handle({ type: 'closed', link: event.link })
      default:
        return this.handle(event)
    }
  }

  #do(effect: OverlayEffect, nowMs: number): void {
    const { transport } = this.#parts
    switch (effect.type) {
      case 'send':
        // What is sent again by whoever it came from may be dropped where a link is jammed; the rest is little.
        if (isSentAgain(effect.message) && transport.bufferedBytes(effect.link) > jammedBytes) return
        return transport.send(effect.link, encodeMessage(effect.message))
      case 'offer':
        return transport.offer(effect.link)
      case 'answer':
        return transport.answer(effect.link, effect.description)
      case 'accept':
        return transport.accept(effect.link, effect.description)
      case 'addCandidates':
        return transport.addCandidates(effect.link, effect.candidates)
      case 'end':
        return transport.end(effect.link)
      case 'seal':
        void this.#seal(effect)
        return
      case 'open':
        return this.#open(effect.sealed, effect.back, effect.via.hex)
      case 'persist':
        return this.shelf.change(effect.name, effect.bytes, effect.own, nowMs)
      case 'finish': {
        const finish = this.#finishes.get(effect.operation)
        this.#finishes.delete(effect.operation)
        return finish?.(effect.outcome)
      }
      case 'watched':
        return this.#watches.get(effect.operation)?.(effect.record)
      case 'drawn':
        return this.place.wake()
      case 'unlinked':
        if (this.overlay.status.links === 0) this.place.wake()
        return this.events.emit('notice', effect)
      default:
        return this.events.emit('notice', effect)
    }
  }

  async #seal({ id, to, body, carriage }: Extract<OverlayEffect, { type: 'seal' }>): Promise<void> {
    const sealed = await this.#letters.seal(to, body).catch(() => undefined)
    if (this.#stopped) return
    // Whoever waits for the letter gives up by its own deadline, as for one that was lost on its way.
    if (!sealed) return void this.#lettersUnsigned++
    if (carriage.by === 'overlay') return this.handle({ type: 'sealed', id, to, route: carriage.route, sealed })
    if (sealed.length <= introductionLetterBytesMax) this.place.carry(carriage.point, to, sealed)
  }

  #open(sealed: Uint8Array, back: Extract<OverlayEffect, { type: 'open' }>['back'], via: string): void {
    const letter = this.#letters.open(sealed, via, this.#parts.clock.nowMs())
    if (!letter) return
    const from = contactOf(letter.from)
    if (describesLink(letter.body) && this.#parts.mayLink?.(from.id.hex) === false) return
    this.handle({ type: 'letter', from, body: letter.body, back })
  }
}

function isSentAgain(message: Message): boolean {
  return message.type === 'envelope' || (message.type === 'spoken' && message.body.type === 'part')
}

/** Without these no link comes about, though both ends make their connections. */
function describesLink({ type }: LetterBody): boolean {
  return type === 'offer' || type === 'answer' || type === 'candidates'
}

type DistributiveOmit<T, Property extends PropertyKey> = T extends unknown ? Omit<T, Property> : never
