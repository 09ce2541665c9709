import { Key, keyBytes, messageIdBytes, hopsMax, publicKey, publicKeyBytes, type SignedRecord } from '@hashtab/core'
import { cheaplySigned } from '../cheap-signature.js'
import type { Conduct } from './conduct.js'
import type { Gang } from './gang.js'
import type { HostileOverlay } from './hostile-overlay.js'

const storesEveryMs = 5_000
/** Records to each link at a time. */
const storesAtOnce = 1
const valueBytes = 900
const expiresInS = 7 * 86_400

/** Fills its links' stores with the records of publishers that nobody has heard of, each under a key close to the one who is to keep it. */
export class StoreFlooder implements Conduct {
  readonly #gang: Gang
  readonly actsEveryMs = storesEveryMs

  constructor(gang: Gang) {
    this.#gang = gang
  }

  acts(self: HostileOverlay): void {
    for (const [link, { id }] of self.links) {
      for (let i = 0; i < storesAtOnce; i++) {
        const question = { type: 'store', record: this.#record(id, self) } as const
        const payload = { type: 'request', id: self.random.hex(messageIdBytes), question } as const
        self.say(link, { type: 'envelope', destination: id, route: [], path: [self.self], hopsLeft: hopsMax, payload })
      }
    }
  }

  #record(near: Key, { random, nowMs }: HostileOverlay): SignedRecord {
    const key = near.inBucket(8 + random.below(100), Key.fromBytes(random.bytes(keyBytes)))
    const expiresUnixS = this.#gang.unixS(nowMs) + expiresInS
    const whose = publicKey(random.bytes(publicKeyBytes))
    const record = cheaplySigned({ kind: 'open', key, publicKey: whose, seq: 1n, expiresUnixS, value: random.bytes(valueBytes) })
    this.#gang.signed(record)
    return record
  }
}
