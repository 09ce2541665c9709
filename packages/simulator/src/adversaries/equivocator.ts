import { hopsMax, messageIdBytes, ownedKey, type PublicKey, publicKey, publicKeyBytes, type SignedRecord } from '@hashtab/core'
import { cheaplySigned } from '../cheap-signature.js'
import type { Conduct } from './conduct.js'
import type { Gang } from './gang.js'
import type { HostileOverlay } from './hostile-overlay.js'

const equivocatesEveryMs = 10_000
const expiresInS = 86_400
const salt = new TextEncoder().encode('profile')

/** An owner that signs two records of one seq, and gives one to some and the other to others. */
export class Equivocator implements Conduct {
  readonly #gang: Gang
  readonly #whose: PublicKey
  #seq = 0n
  readonly actsEveryMs = equivocatesEveryMs

  constructor(gang: Gang) {
    this.#gang = gang
    this.#whose = publicKey(gang.random.bytes(publicKeyBytes))
    gang.equivocated.push(ownedKey(this.#whose, salt))
  }

  acts(self: HostileOverlay): void {
    this.#seq += 1n
    const both = [this.#version(self), this.#version(self)]
    for (const [i, [link, { id }]] of self.linkedBy(both[0]!.key, 1).entries()) {
      const payload = { type: 'request', id: self.random.hex(messageIdBytes), question: { type: 'store', record: both[i % 2]! } } as const
      self.say(link, { type: 'envelope', destination: id, route: [], path: [self.self], hopsLeft: hopsMax, payload })
    }
  }

  #version({ random, nowMs }: HostileOverlay): SignedRecord {
    const expiresUnixS = this.#gang.unixS(nowMs) + expiresInS
    const record = cheaplySigned({ kind: 'owned', salt, publicKey: this.#whose, seq: this.#seq, expiresUnixS, value: random.bytes(50) })
    this.#gang.signed(record)
    return record
  }
}
