import { isMalformed } from '@hashtab/core'
import type { Clock, CloseReason, LinkId, TransportEvent } from '@hashtab/peer'
import { type Candidate, candidatesMax, isOnLoopback } from './candidate.js'
import type { Connection, ConnectionListener, Role } from './connection.js'
import { decodeCandidates, type Description, encodeCandidates, encodeDescription } from './description.js'
import { cutIntoFrames, endFrame, Reassembly } from './frames.js'
import { Gathering } from './gathering.js'
import { readSdp } from './sdp.js'

/** From the first order to an open channel. Typical is 1.5 to 3 s over the Internet; what takes longer rarely opens, and keeps sending packets. */
export const openDeadlineMs = 8_000
/** How long an end that is told to finish waits for the other to have taken everything (see the port). */
const finishMsMax = 1_000
/** More than this in the queue of one link: the other end takes nothing any more, or we send without looking. Closes the link. */
export const queuedBytesMax = 1024 * 1024

/** Whom a link tells. Every call comes from a task of its own, never from inside an order. */
export interface LinkOwner {
  tell(event: TransportEvent): void
  /** The link is over and freed. May come from inside an order: it is the owner who tells it later. */
  closed(link: LinkId, reason: CloseReason): void
}

/** One link of this end, from the first order to its end: a connection, what is told of this end, and the messages in the channel. */
export class Link implements ConnectionListener {
  readonly #id: LinkId
  readonly #role: Role
  readonly #owner: LinkOwner
  readonly #clock: Pick<Clock, 'wake'>
  readonly #gathering: Gathering
  readonly #loopback: boolean
  readonly #reassembly = new Reassembly()
  #connection: Connection | undefined
  #state: 'connecting' | 'open' | 'finishing' | 'over' = 'connecting'
  #remoteDescribed = false
  #remoteCandidates = 0
  #inTrouble = false
  #takeBackTimer: () => void

  /** `loopback`: whether the other end may name addresses of this very machine. Those it must not name are left out, but count. */
  constructor(id: LinkId, role: Role, clock: Pick<Clock, 'wake'>, loopback: boolean, owner: LinkOwner) {
    this.#id = id
    this.#role = role
    this.#owner = owner
    this.#clock = clock
    this.#loopback = loopback
    this.#takeBackTimer = clock.wake(openDeadlineMs, () => this.#close('failed'))
    this.#gathering = new Gathering(clock, {
      described: (description) => owner.tell({ type: 'described', link: id, description: encodeDescription(description) }),
      candidates: (candidates) => owner.tell({ type: 'candidates', link: id, candidates: encodeCandidates(candidates) }),
    })
  }

  /** Gives the link its connection: comes right after the constructor. `undefined`: none could be made. */
  begin(connection: Connection | undefined): void {
    this.#connection = connection
    if (connection === undefined) this.#close('refused')
  }

  /** Takes the other end's description; all but the first are ignored. */
  describeRemote(description: Description): void {
    if (this.#state !== 'connecting' || this.#remoteDescribed) return
    this.#remoteDescribed = true
    this.#remoteCandidates += description.candidates.length
    const isOffer = description.setup === 'actpass'
    if (isOffer !== (this.#role === 'answering') || this.#remoteCandidates > candidatesMax) this.abuse()
    else this.#connection?.describeRemote({ ...description, candidates: description.candidates.filter((one) => this.#mayReach(one)) })
  }

  addCandidates(bytes: Uint8Array): void {
    if (this.#state !== 'connecting' && this.#state !== 'open') return
    const candidates = decodeCandidates(bytes)
    if (isMalformed(candidates)) return this.abuse()
    this.#remoteCandidates += candidates.length
    if (this.#remoteCandidates > candidatesMax) return this.abuse()
    for (const candidate of candidates) if (this.#mayReach(candidate)) this.#connection?.addRemote(candidate)
  }

  #mayReach(candidate: Candidate): boolean {
    return this.#loopback || !isOnLoopback(candidate)
  }

  send(message: Uint8Array): void {
    const frames = cutIntoFrames(message)
    if (this.#state !== 'open') return
    if (this.bufferedBytes + message.length > queuedBytesMax) return this.#close('ended')
    try {
      for (const frame of frames) this.#connection?.send(frame)
    } catch {
      this.#close('ended') // The channel closed a moment ago, and will say so.
    }
  }

  get bufferedBytes(): number {
    return this.#state === 'open' ? (this.#connection?.bufferedBytes ?? 0) : 0
  }

  /** Ends the link without a word to the owner. */
  end(): void {
    if (this.#state !== 'open') return this.#free()
    this.#state = 'finishing'
    this.#takeBackTimer = this.#clock.wake(finishMsMax, () => this.#free())
    this.#gathering.stop()
    try {
      this.#connection?.send(endFrame)
    } catch {
      this.#free()
    }
  }

  /** The other end broke a rule. */
  abuse(): void {
    this.#close('abused')
  }

  described(sdp: string): void {
    if (this.#state !== 'connecting') return
    const description = readSdp(sdp)
    if (description === undefined) this.#close('failed')
    else this.#gathering.describe(description)
  }

  gathered(candidate: string): void {
    if (this.#state === 'connecting' || this.#state === 'open') this.#gathering.add(candidate)
  }

  gatheredAll(): void {
    if (this.#state === 'connecting' || this.#state === 'open') this.#gathering.complete()
  }

  opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    this.#takeBackTimer()
    this.#owner.tell({ type: 'opened', link: this.#id })
  }

  received(data: Uint8Array | string): void {
    if (this.#state !== 'open' && this.#state !== 'finishing') return
    const message = typeof data === 'string' ? 'abused' : this.#reassembly.handle(data)
    if (message === 'abused') this.abuse()
    else if (message === 'ended') this.closed()
    else if (message !== undefined && this.#state === 'open') this.#owner.tell({ type: 'received', link: this.#id, message })
  }

  troubled(troubled: boolean): void {
    if (this.#state !== 'open' || troubled === this.#inTrouble) return
    this.#inTrouble = troubled
    if (troubled) this.#owner.tell({ type: 'troubled', link: this.#id })
  }

  intruded(): void {
    this.abuse()
  }

  closed(): void {
    this.#close(this.#state === 'open' ? 'ended' : 'failed')
  }

  #close(reason: CloseReason): void {
    const known = this.#state === 'connecting' || this.#state === 'open'
    this.#free()
    if (known) this.#owner.closed(this.#id, reason)
  }

  #free(): void {
    this.#state = 'over'
    this.#takeBackTimer()
    this.#gathering.stop()
    this.#connection?.destroy()
    this.#connection = undefined
  }
}
