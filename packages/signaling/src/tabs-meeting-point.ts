import { introductionLetterBytesMax, isMalformed, Key, type PublicKey } from '@hashtab/core'
import type { MeetingPoint, MeetingPointEvent, Signer } from '@hashtab/peer'
import { decodeTabCall, encodeTabCall, type TabCall } from './tab-call.js'

export interface TabsMeetingPointOptions {
  readonly network: string
}

/**
 * Meets the other tabs of this browser, of the same origin and network, over a `BroadcastChannel`: with no server at all.
 * In Node: the other threads of the process. Nothing is proved here, as everybody on the channel is of our own origin; letters are signed anyway.
 */
export class TabsMeetingPoint implements MeetingPoint {
  readonly name = 'tabs of this browser'
  readonly #network: string
  #self: { readonly id: Key; readonly publicKey: PublicKey } | undefined
  #channel: BroadcastChannel | undefined
  #listener: (event: MeetingPointEvent) => void = () => {}
  #closed = false

  constructor(options: TabsMeetingPointOptions) {
    this.#network = options.network
  }

  start(self: Signer, listener: (event: MeetingPointEvent) => void): void {
    if (this.#self !== undefined || this.#closed) return
    this.#self = { id: Key.hash(self.publicKey), publicKey: self.publicKey }
    this.#listener = listener
    try {
      this.#channel = openChannel(`hashtab ${this.#network}`, (data) => this.#hear(data))
    } catch (fault) {
      // A page without an origin (a sandboxed frame) is refused the channel.
      return this.#tell({ type: 'state', state: 'unreachable', detail: fault instanceof Error ? fault.message : String(fault) })
    }
    this.#tell({ type: 'state', state: 'open' })
    this.#call({ type: 'here', publicKey: self.publicKey })
  }

  carry(to: Key, letter: Uint8Array): void {
    if (letter.length >= 1 && letter.length <= introductionLetterBytesMax) this.#call({ type: 'letter', to, letter })
  }

  /** Calls out once more. */
  wake(): void {
    if (this.#self !== undefined) this.#call({ type: 'here', publicKey: this.#self.publicKey })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#channel?.close()
    this.#channel = undefined
    this.#tell({ type: 'state', state: 'closed' })
  }

  #hear(data: unknown): void {
    const self = this.#self
    if (self === undefined || !(data instanceof Uint8Array)) return
    const heard = decodeTabCall(data)
    if (isMalformed(heard)) return
    if (heard.type !== 'here' && !heard.to.equals(self.id)) return
    switch (heard.type) {
      case 'here':
        this.#call({ type: 'present', to: Key.hash(heard.publicKey), publicKey: self.publicKey })
        return this.#tell({ type: 'peers', peers: [heard.publicKey] })
      case 'present':
        return this.#tell({ type: 'peers', peers: [heard.publicKey] })
      case 'letter':
        return this.#tell({ type: 'letter', letter: heard.letter })
    }
  }

  #call(said: TabCall): void {
    this.#channel?.postMessage(encodeTabCall(said))
  }

  /** Not from inside a call of ours: the listener may call back. */
  #tell(event: MeetingPointEvent): void {
    queueMicrotask(() => this.#listener(event))
  }
}

function openChannel(name: string, hear: (data: unknown) => void): BroadcastChannel {
  const channel = new BroadcastChannel(name)
  channel.onmessage = (event) => hear(event.data)
  // In Node an open channel would keep the process alive. Browsers have no such call.
  const { unref } = channel as { unref?: () => void }
  unref?.call(channel)
  return channel
}
