import { randomInt } from 'node:crypto'
import type { PublicKey } from '@hashtab/core'
import type { IceServer } from '@hashtab/peer'
import { drawMax, peersMax } from '@hashtab/signaling/protocol'
import type { Commons, Stay } from './commons/commons.js'
import type { SignalingLimits } from './limits.js'
import type { Metrics } from './metrics.js'
import { Reservoir, type ReservoirEvent, sample } from './reservoir.js'
import type { Visitor } from './visitor.js'

export interface GatheringOptions {
  /** The key of the network's name, 40 hex digits. */
  readonly network: string
  readonly limits: SignalingLimits
  readonly metrics: Metrics
  /** Undefined: this server is the only one. */
  readonly commons: Commons | undefined
  /** What the peer with this id is handed out. */
  readonly iceServersFor: (id: string) => readonly IceServer[]
  /** The last one has left. */
  readonly onEmpty: () => void
}

interface Guest {
  readonly visitor: Visitor
  readonly stay: Stay
  /** When it was last told who else is here. */
  introducedMs: number
}

/** Those of one network who are here: introduces newcomers, carries letters, and keeps no more than the reservoir allows. */
export class Gathering {
  readonly #options: GatheringOptions
  readonly #guests = new Map<string, Guest>()
  readonly #reservoir: Reservoir
  #timer: NodeJS.Timeout | undefined

  constructor(options: GatheringOptions) {
    this.#options = options
    const { reservoirSize, lowWater, graceMs } = options.limits
    this.#reservoir = new Reservoir({ size: reservoirSize, lowWater, graceMs, below: randomInt })
    this.#noteServers()
  }

  /** Introduces a peer that has proved its key. Answers false when there is no room. */
  enter(visitor: Visitor, id: string, publicKey: PublicKey): boolean {
    const { limits, network, metrics } = this.#options
    const older = this.#guests.get(id)
    if (older === undefined && this.#guests.size >= limits.networkSocketsMax) return false
    this.#guests.delete(id)
    older?.visitor.refuse('replaced', 'The same key came in on another socket.')
    const nowMs = performance.now()
    const guest = { visitor, stay: { network, id, publicKey, sinceMs: nowMs }, introducedMs: nowMs }
    this.#guests.set(id, guest)
    metrics.joined()
    this.#introduce(guest, (peers) => visitor.send({ type: 'welcome', peers, iceServers: this.#options.iceServersFor(id) }))
    this.#tell({ type: 'came', peer: id })
    return true
  }

  /** Introduces a peer that is here once more. Not sooner than `looksApartMs` after the last time. */
  look(id: string): void {
    const guest = this.#guests.get(id)
    const nowMs = performance.now()
    if (guest === undefined || nowMs - guest.introducedMs < this.#options.limits.looksApartMs) return
    guest.introducedMs = nowMs
    this.#introduce(guest, (peers) => peers.length > 0 && guest.visitor.send({ type: 'peers', peers }))
  }

  /** Takes a letter to this peer, if it is here, or at another server, and not too slow. */
  carry(id: string, letter: Uint8Array): void {
    const { commons, network, metrics } = this.#options
    const isHere = this.#guests.has(id)
    if (isHere || commons?.state !== 'shared') return metrics.carried(this.#give(id, letter) ? 'here' : 'dropped')
    metrics.carried('away')
    commons.carry(network, id, letter)
  }

  /** A letter that was carried from another server. */
  arrived(id: string, letter: Uint8Array): void {
    this.#options.metrics.carried(this.#give(id, letter) ? 'arrived' : 'dropped')
  }

  /** These have come at another server. */
  cameElsewhere(id: string, peers: readonly PublicKey[]): void {
    this.#guests.get(id)?.visitor.send({ type: 'peers', peers })
  }

  /** The same key came in at another server. */
  replacedElsewhere(id: string): void {
    this.#guests.get(id)?.visitor.refuse('replaced', 'The same key came in at another server.')
  }

  leave(visitor: Visitor, id: string): void {
    if (this.#guests.get(id)?.visitor !== visitor) return
    this.#forget(id)
    this.#tell({ type: 'left', peer: id })
    if (this.#guests.size === 0) this.#options.onEmpty()
  }

  /** How many servers and peers there are besides has changed. */
  counted(): void {
    this.#noteServers()
  }

  /** Makes this one and others known to each other: first those here, by `tell`, and then those at other servers. */
  #introduce(guest: Guest, tell: (peers: readonly PublicKey[]) => void): void {
    const { commons } = this.#options
    const others = this.#sampleHere(guest)
    tell(others.map(({ stay }) => stay.publicKey))
    for (const other of others) other.visitor.send({ type: 'peers', peers: [guest.stay.publicKey] })
    if (commons !== undefined) void introduceElsewhere(commons, guest, peersMax - others.length)
  }

  #give(id: string, letter: Uint8Array): boolean {
    return this.#guests.get(id)?.visitor.send({ type: 'letter', letter }) ?? false
  }

  /** Of a random sample of all but this one, present at any server, those who are here. The places of the others are filled from elsewhere. */
  #sampleHere(but: Guest): Guest[] {
    const here = [...this.#guests.values()].filter((guest) => guest !== but)
    const elsewhere = Array.from({ length: this.#elsewhere }, () => undefined)
    return sample([...here, ...elsewhere], peersMax, randomInt).filter((guest) => guest !== undefined)
  }

  /** Peers at other servers, no more than a network may have at one. */
  get #elsewhere(): number {
    const { commons, network, limits } = this.#options
    return Math.max(0, Math.min((commons?.present(network) ?? 0) - this.#guests.size, limits.networkSocketsMax))
  }

  #noteServers(): void {
    this.#tell({ type: 'shared', servers: this.#options.commons?.servers ?? 1, elsewhere: this.#elsewhere })
  }

  #forget(id: string): void {
    const guest = this.#guests.get(id)
    this.#guests.delete(id)
    if (guest !== undefined) this.#options.commons?.leave(guest.stay)
  }

  #tell(event: ReservoirEvent): void {
    clearTimeout(this.#timer)
    for (const effect of this.#reservoir.handle(event, performance.now())) {
      if (effect.type === 'draw') {
        for (const id of effect.from) this.#guests.get(id)?.visitor.send({ type: 'draw', count: Math.min(effect.count, drawMax) })
      } else {
        const guest = this.#guests.get(effect.peer)
        this.#forget(effect.peer)
        guest?.visitor.rest()
      }
    }
    const { wakeAtMs } = this.#reservoir
    if (wakeAtMs === undefined) return
    this.#timer = setTimeout(() => this.#tell({ type: 'ticked' }), Math.max(0, wakeAtMs - performance.now())).unref()
  }
}

async function introduceElsewhere(commons: Commons, { visitor, stay }: Guest, count: number): Promise<void> {
  const peers = await commons.enter(stay, count)
  if (peers.length > 0) visitor.send({ type: 'peers', peers })
}
