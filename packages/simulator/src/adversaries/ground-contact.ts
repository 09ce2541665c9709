import { type Contact, contactOf, type Key, publicKey, publicKeyBytes } from '@hashtab/core'
import type { RandomSource } from '../random-source.js'

/** A peer whose id shares at least so many bits with a key: keys are made until one fits, as an attacker would (2^bits hashes on average). */
export function groundContact(near: Key, bits: number, random: RandomSource): Contact {
  const bytes = random.bytes(publicKeyBytes)
  const view = new DataView(bytes.buffer)
  for (;;) {
    const contact = contactOf(publicKey(bytes))
    if (contact.id.sharedBits(near) >= bits) return contact
    view.setUint32(0, random.uint32())
  }
}
