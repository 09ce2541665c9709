import { Key, type PublicKey } from '@hashtab/core'
import type { MeetingPoint, MeetingPointEvent, Signer } from '@hashtab/peer'

interface Visitor {
  readonly publicKey: PublicKey
  tell(event: MeetingPointEvent): void
}

/** A meeting point in memory, for tests and examples: everybody who stands there is told of everybody else. */
export class MemorySquare {
  readonly #visitors = new Map<string, Visitor>()
  #open = true
  /** How many letters were carried here so far. */
  lettersCarried = 0

  /** Nobody is told of anybody any more, and no letter is carried. */
  shut(): void {
    this.#open = false
    for (const visitor of this.#visitors.values()) visitor.tell({ type: 'state', state: 'unreachable', detail: 'the square is shut' })
  }

  /** A way to the square, for one peer. */
  meetingPoint(): MeetingPoint {
    let here: { readonly id: Key; readonly visitor: Visitor } | undefined
    return {
      name: 'square',
      start: (self: Signer, listener) => {
        const tell = (event: MeetingPointEvent) => queueMicrotask(() => here && listener(event))
        here = { id: Key.hash(self.publicKey), visitor: { publicKey: self.publicKey, tell } }
        this.#enter(here.id, here.visitor)
      },
      carry: (to, letter) => {
        const reader = this.#open ? this.#visitors.get(to.hex) : undefined
        if (!reader) return
        this.lettersCarried += 1
        reader.tell({ type: 'letter', letter: letter.slice() })
      },
      wake: () => {},
      close: () => {
        if (here) this.#visitors.delete(here.id.hex)
        here = undefined
      },
    }
  }

  #enter(id: Key, visitor: Visitor): void {
    if (!this.#open) return visitor.tell({ type: 'state', state: 'unreachable', detail: 'the square is shut' })
    visitor.tell({ type: 'state', state: 'open' })
    const others = [...this.#visitors.values()]
    this.#visitors.set(id.hex, visitor)
    if (others.length > 0) visitor.tell({ type: 'peers', peers: others.map(({ publicKey }) => publicKey) })
    for (const other of others) other.tell({ type: 'peers', peers: [visitor.publicKey] })
  }
}
