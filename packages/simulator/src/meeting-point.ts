import type { Key } from '@hashtab/core'
import type { Schedule } from './happening.js'
import type { RandomSource } from './random-source.js'
import type { VirtualPeer } from './virtual-peer.js'

/** As the signalling server has it: sockets that stay open, how long a newcomer stays at least, and whom it is told of. */
export const reservoirMax = 64
export const graceMs = 30_000
export const introducedMax = 8
/** Between two introductions of one whose socket stays open. */
export const looksApartMs = 8_000
/** One way to the server, its own time included. */
export const serverLatencyMs = 40
/** With fewer peers than this the overlay is asked for more. */
export const lowWater = 16

/** A virtual signalling server: introduces newcomers to a random sample of those present, carries letters between them, can be killed. */
export class MeetingPoint {
  /** Overlays know it under this number. */
  readonly number: number
  readonly #schedule: Schedule
  readonly #random: RandomSource
  readonly #present = new Map<string, VirtualPeer>()
  readonly #members: VirtualPeer[] = []
  readonly #introducedMs = new WeakMap<VirtualPeer, number>()
  #considered = 0
  alive = true

  constructor(number: number, schedule: Schedule, random: RandomSource) {
    this.number = number
    this.#schedule = schedule
    this.#random = random
  }

  /** Comes, or looks once more where its socket is open, and is introduced. */
  visit(peer: VirtualPeer, nowMs: number): void {
    if (!this.alive) return
    const isNew = !this.has(peer)
    if (!isNew && nowMs - this.#introducedMs.get(peer)! < looksApartMs) return
    this.#introducedMs.set(peer, nowMs)
    const others = [...this.#present.values()].filter((one) => one !== peer)
    const introduced = this.#random.sample(others, introducedMax)
    const atMs = nowMs + 2 * serverLatencyMs
    this.#schedule.push(atMs, { type: 'met', point: this.number, peer, contacts: introduced.map(({ contact }) => contact) })
    for (const one of introduced) this.#schedule.push(atMs, { type: 'met', point: this.number, peer: one, contacts: [peer.contact] })
    if (!isNew) return
    this.#present.set(peer.contact.id.hex, peer)
    this.#schedule.push(nowMs + graceMs, { type: 'graceOver', point: this.number, peer })
  }

  /** The newcomer gets a place by chance, so that the members are a random sample of all that came (Vitter 1985, algorithm R). */
  graceOver(peer: VirtualPeer): void {
    const { hex } = peer.contact.id
    if (this.#present.get(hex) !== peer) return
    this.#considered += 1
    if (this.#members.length < reservoirMax) {
      this.#members.push(peer)
      return
    }
    const place = this.#random.below(this.#considered)
    const loser = place < reservoirMax ? this.#members[place]! : peer
    if (loser !== peer) this.#members[place] = peer
    this.#present.delete(loser.contact.id.hex)
  }

  leave(peer: VirtualPeer): void {
    const { hex } = peer.contact.id
    if (this.#present.get(hex) === peer) this.#present.delete(hex)
    const place = this.#members.indexOf(peer)
    if (place >= 0) this.#members.splice(place, 1)
  }

  /** Whether its socket is open. */
  has(peer: VirtualPeer): boolean {
    return this.#present.get(peer.contact.id.hex) === peer
  }

  /** From one whose socket is open to another. */
  carry(from: VirtualPeer, to: Key, sealed: Uint8Array, nowMs: number): void {
    const peer = this.alive && this.has(from) ? this.#present.get(to.hex) : undefined
    if (!peer) return
    this.#schedule.push(nowMs + 2 * serverLatencyMs, { type: 'carried', point: this.number, peer, sealed })
  }

  /** One of those present, to be asked for more; undefined: there are enough, or nobody. */
  get runsLow(): VirtualPeer | undefined {
    return this.alive && this.#present.size < lowWater ? this.#random.pick([...this.#present.values()]) : undefined
  }

  kill(): void {
    this.alive = false
    this.#present.clear()
    this.#members.length = 0
  }

  revive(): void {
    this.alive = true
  }
}
