import { decode, encode, messageBytesMax } from '@hashtab/core'
import type { Clock, CloseReason, IceServer, LinkId, Transport, TransportEvent } from '@hashtab/peer'
import type { MemoryNetwork } from './memory-network.js'

/** From the first order to an open link; as with WebRTC. */
const openDeadlineMs = 8_000
/** From the last sign of life to `troubled`, and from there to `closed`: as browsers do when the other end vanishes. */
const troubledAfterMs = 5_000
const closedAfterMs = 10_000
/** As with WebRTC: with more in the queue the other end is stuck. */
const queuedBytesMax = 1024 * 1024

/** Where a link ends: all that a description says. */
interface Address {
  readonly transport: number
  readonly link: LinkId
}

interface MemoryLink {
  state: 'offering' | 'answering' | 'open'
  remote?: Address
  readonly queue: Uint8Array[]
  queuedBytes: number
  takeBackTimer: () => void
}

/** One place in a `MemoryNetwork`. Made by it. */
export class MemoryTransport implements Transport {
  /** Its name in the network. */
  readonly number: number
  readonly #network: MemoryNetwork
  readonly #clock: Pick<Clock, 'wake'>
  readonly #links = new Map<LinkId, MemoryLink>()
  /** Links that are over, and whose `closed` is not told yet. */
  readonly #ending = new Set<LinkId>()
  #listener: ((event: TransportEvent) => void) | undefined
  #connectionsMade = 0

  constructor(network: MemoryNetwork, number: number, clock: Pick<Clock, 'wake'>) {
    this.#network = network
    this.number = number
    this.#clock = clock
  }

  get connectionsMade(): number {
    return this.#connectionsMade
  }

  start(listener: (event: TransportEvent) => void): void {
    this.#listener = listener
  }

  offer(link: LinkId): void {
    this.#begin(link, 'offering')
  }

  answer(link: LinkId, description: Uint8Array): void {
    const remote = addressIn(description)
    const begun = this.#begin(link, 'answering', remote)
    if (begun && remote === undefined) this.#close(link, 'abused')
  }

  accept(id: LinkId, description: Uint8Array): void {
    const link = this.#links.get(id)
    if (link?.state !== 'offering' || link.remote !== undefined) return
    const remote = addressIn(description)
    if (remote === undefined) return this.#close(id, 'abused')
    link.remote = remote
    this.#network.carry(this.number, remote.transport, (there) => there.#meet(remote.link, { transport: this.number, link: id }))
  }

  /** There are none to gather in memory: any are a broken rule. */
  addCandidates(link: LinkId, _candidates: Uint8Array): void {
    if (this.#links.has(link)) this.#close(link, 'abused')
  }

  send(id: LinkId, message: Uint8Array): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    if (message.length < 1 || message.length > messageBytesMax) throw new RangeError(`A message has 1 to ${messageBytesMax} bytes.`)
    if (link.state !== 'open') return
    if (link.queuedBytes + message.length > queuedBytesMax) return this.#close(id, 'ended')
    link.queue.push(message.slice())
    link.queuedBytes += message.length
    if (link.queue.length === 1) queueMicrotask(() => this.#pump(id, link))
  }

  bufferedBytes(link: LinkId): number {
    return this.#links.get(link)?.queuedBytes ?? 0
  }

  end(id: LinkId): void {
    this.#ending.delete(id)
    const link = this.#links.get(id)
    if (link === undefined) return
    while (link.queue.length > 0) this.#passOn(link)
    this.#drop(id)
  }

  useIceServers(_servers: readonly IceServer[]): void {}

  close(): void {
    this.#listener = undefined
    for (const link of [...this.#links.keys()]) this.end(link)
    this.#ending.clear()
  }

  /** Is gone at once, as a tab that crashed: the other ends find out by themselves. */
  kill(): void {
    this.#listener = undefined
    for (const { takeBackTimer } of this.#links.values()) takeBackTimer()
    this.#links.clear()
    this.#ending.clear()
    this.#network.vanish(this.number)
  }

  /** For the network: nothing comes from there any more. */
  lose(other: number): void {
    for (const [id, link] of this.#links) {
      if (link.state === 'open' && link.remote?.transport === other) this.#watch(id, link)
    }
  }

  /** For the network: it does again. */
  regain(other: number): void {
    for (const link of this.#links.values()) {
      if (link.state === 'open' && link.remote?.transport === other) link.takeBackTimer()
    }
  }

  #begin(id: LinkId, state: 'offering' | 'answering', remote?: Address): boolean {
    if (this.#listener === undefined || this.#links.has(id) || this.#ending.has(id)) return false
    const takeBackTimer = this.#clock.wake(openDeadlineMs, () => this.#close(id, 'failed'))
    this.#links.set(id, { state, ...(remote && { remote }), queue: [], queuedBytes: 0, takeBackTimer })
    if (state === 'answering' && remote === undefined) return true
    this.#connectionsMade++
    const description = encode([this.number, id])
    queueMicrotask(() => this.#tell({ type: 'described', link: id, description }))
    return true
  }

  /** The offering end has our description: both are open, we first. */
  #meet(id: LinkId, from: Address): void {
    const link = this.#links.get(id)
    if (link?.state !== 'answering' || link.remote?.transport !== from.transport || link.remote.link !== from.link) return
    this.#network.carry(this.number, from.transport, (there) => there.#opened(from.link))
    this.#opened(id)
  }

  #opened(id: LinkId): void {
    const link = this.#links.get(id)
    if (link === undefined) return
    link.takeBackTimer()
    link.state = 'open'
    if (!this.#network.reaches(this.number, link.remote!.transport)) this.#watch(id, link)
    this.#tell({ type: 'opened', link: id })
  }

  /** The other end is silent: gives it time, then up. */
  #watch(id: LinkId, link: MemoryLink): void {
    link.takeBackTimer()
    link.takeBackTimer = this.#clock.wake(troubledAfterMs, () => {
      link.takeBackTimer = this.#clock.wake(closedAfterMs, () => this.#close(id, 'ended'))
      this.#tell({ type: 'troubled', link: id })
    })
  }

  /** Hands one message to the network, and asks to be called again for the next. */
  #pump(id: LinkId, link: MemoryLink): void {
    if (link.queue.length === 0) return
    this.#passOn(link)
    if (link.queue.length > 0) queueMicrotask(() => this.#pump(id, link))
  }

  #passOn(link: MemoryLink): void {
    const message = link.queue.shift()!
    const { transport, link: id } = link.remote!
    link.queuedBytes -= message.length
    this.#network.carry(this.number, transport, (there) => there.#tell({ type: 'received', link: id, message }))
  }

  #close(id: LinkId, reason: CloseReason): void {
    if (!this.#links.has(id)) return
    this.#drop(id)
    this.#ending.add(id)
    queueMicrotask(() => {
      if (this.#ending.delete(id)) this.#listener?.({ type: 'closed', link: id, reason })
    })
  }

  /** Forgets a link, and lets the other end know, if that may take it for open. */
  #drop(id: LinkId): void {
    const link = this.#links.get(id)!
    link.takeBackTimer()
    this.#links.delete(id)
    const remote = link.remote
    if (remote === undefined || link.state === 'answering') return
    this.#network.carry(this.number, remote.transport, (there) => there.#left(remote.link, { transport: this.number, link: id }))
  }

  #left(id: LinkId, from: Address): void {
    const remote = this.#links.get(id)?.remote
    if (remote?.transport === from.transport && remote.link === from.link) this.#close(id, 'ended')
  }

  #tell(event: TransportEvent): void {
    if (this.#links.has(event.link)) this.#listener?.(event)
  }
}

function addressIn(description: Uint8Array): Address | undefined {
  const value = decode(description)
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [transport, link] = value as unknown[]
  return typeof transport === 'number' && typeof link === 'number' ? { transport, link } : undefined
}
