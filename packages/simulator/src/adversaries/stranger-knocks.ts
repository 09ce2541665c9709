import { contactOf, type Introduction, nonceBytes, publicKey, publicKeyBytes } from '@hashtab/core'
import { anyExchangeKey } from '../cheap-cipher.js'
import type { Errand } from '../happening.js'
import type { Simulation } from '../simulation.js'
import type { VirtualPeer } from '../virtual-peer.js'
import { groundContact } from './ground-contact.js'

export interface StrangerKnocksOptions {
  readonly perSecond: number
  readonly forMs: number
  /** Bits that each stranger's id shares with the victim's: ground, so that it looks like a sibling. 0: it is anywhere. */
  readonly nearBits?: number
}

/** Knocks at one peer over the meeting point, each by a key that was made just now and never answers an offer. */
export class StrangerKnocks implements Errand {
  count = 0
  readonly #simulation: Simulation
  readonly #victim: VirtualPeer
  readonly #nearBits: number
  readonly #everyMs: number
  readonly #untilMs: number

  constructor(simulation: Simulation, victim: VirtualPeer, { perSecond, forMs, nearBits = 0 }: StrangerKnocksOptions) {
    this.#simulation = simulation
    this.#victim = victim
    this.#nearBits = nearBits
    this.#everyMs = 1_000 / perSecond
    this.#untilMs = simulation.nowMs + forMs
    this.run()
  }

  run(): void {
    const { random, nowMs, unixMs, schedule } = this.#simulation
    if (nowMs > this.#untilMs) return
    const { id } = this.#victim.contact
    const from = this.#nearBits > 0 ? groundContact(id, this.#nearBits, random) : contactOf(publicKey(random.bytes(publicKeyBytes)))
    const writtenUnixS = Math.floor(unixMs / 1_000)
    const body: Introduction = { type: 'knock', nonce: random.hex(nonceBytes), key: anyExchangeKey(random), writtenUnixS, why: 'app' }
    this.#simulation.tell(this.#victim, { type: 'letter', from, body, back: { by: 'meetingPoint', point: 0 } })
    this.count += 1
    schedule.push(nowMs + this.#everyMs, { type: 'errand', errand: this })
  }
}
