import { defaultStoreQuotas, encodeMessage, type LinkLimits, type Message, messageBytesMax } from '@hashtab/core'
import type { VirtualPeer } from '../virtual-peer.js'
import type { Violations } from './violation.js'

/** Every so many-th message is encoded to see how long it is. */
const encodedEvery = 20

/** What no peer may have more of, whatever others do. */
export class Bounds {
  readonly #violations: Violations
  readonly #limits: LinkLimits
  /** Who had too many links when it was looked at last: it has a second to end them. */
  #crowded = new Set<VirtualPeer>()
  #messages = 0
  linksMost = 0
  recordsMost = 0

  constructor(violations: Violations, limits: LinkLimits) {
    this.#violations = violations
    this.#limits = limits
  }

  sent(message: Message): void {
    this.#messages += 1
    if (this.#messages % encodedEvery > 0) return
    const { length } = encodeMessage(message)
    if (length > messageBytesMax) this.#violations.found('bounds', `a ${message.type} of ${length} bytes`)
  }

  check(peers: readonly VirtualPeer[]): void {
    const crowded = new Set<VirtualPeer>()
    for (const peer of peers) {
      const { links, recordsKept } = peer.overlay.status
      this.linksMost = Math.max(this.linksMost, links)
      this.recordsMost = Math.max(this.recordsMost, recordsKept)
      const { total, own } = defaultStoreQuotas
      if (recordsKept > total.records + own.records) this.#violations.found('bounds', `peer ${peer.index} keeps ${recordsKept} records`)
      if (links <= this.#limits.hard) continue
      crowded.add(peer)
      if (this.#crowded.has(peer)) this.#violations.found('bounds', `peer ${peer.index} has ${links} links`)
    }
    this.#crowded = crowded
  }
}
