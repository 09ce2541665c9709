import type { Errand } from './happening.js'
import { percentile } from './lookup-tally.js'
import type { Simulation } from './simulation.js'
import type { VirtualPeer } from './virtual-peer.js'
import type { Workload } from './workload.js'

/** A peer that is back reads some record this often, until it gets one right. */
export const askEveryMs = 250
/** Whoever has not got one right by then counts with this. */
export const givenUpMs = 60_000

/** How soon peers that were away get a right answer. */
export class WakeProbe {
  readonly #simulation: Simulation
  readonly #workload: Workload
  readonly tookMs: number[] = []

  constructor(simulation: Simulation, workload: Workload) {
    this.#simulation = simulation
    this.#workload = workload
  }

  begin(peer: VirtualPeer): void {
    this.ask(new Waking(this, peer, this.#simulation.nowMs))
  }

  ask(waking: Waking): void {
    const { peer, wokeMs } = waking
    // Who is away again, or gone, has nothing to tell.
    if (!peer.alive || peer.frozen || waking.isDone) return
    const { nowMs, schedule } = this.#simulation
    if (nowMs - wokeMs >= givenUpMs) return this.#done(waking, givenUpMs)
    this.#workload.check(peer, (isRight) => isRight && this.#done(waking, this.#simulation.nowMs - wokeMs))
    schedule.push(nowMs + askEveryMs, { type: 'errand', errand: waking })
  }

  get medianMs(): number {
    return percentile(this.tookMs, 0.5)
  }

  get slowMs(): number {
    return percentile(this.tookMs, 0.99)
  }

  #done(waking: Waking, tookMs: number): void {
    if (waking.isDone) return
    waking.isDone = true
    this.tookMs.push(tookMs)
  }
}

class Waking implements Errand {
  readonly peer: VirtualPeer
  readonly wokeMs: number
  isDone = false
  readonly #probe: WakeProbe

  constructor(probe: WakeProbe, peer: VirtualPeer, wokeMs: number) {
    this.#probe = probe
    this.peer = peer
    this.wokeMs = wokeMs
  }

  run(): void {
    this.#probe.ask(this)
  }
}
