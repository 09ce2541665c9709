import { encodeUtf8, Key, keyBytes, type PublicKey, publicKey, publicKeyBytes } from '@hashtab/core'
import { hexToBytes } from '@noble/hashes/utils.js'
import { PeerError } from './peer-error.js'

/** What an app may hand in: text is UTF-8. */
export type Data = string | Uint8Array

export function bytesOf(data: Data): Uint8Array {
  return typeof data === 'string' ? encodeUtf8(data) : data
}

/** The key that an app means: 20 bytes are a key themselves; any other bytes, and text, are hashed (SHA-256, the first 20 bytes). */
export function keyOf(name: Data): Key {
  return typeof name !== 'string' && name.length === keyBytes ? Key.fromBytes(name) : Key.hash(bytesOf(name))
}

/** Error: `invalid`. */
export function peerIdKey(hex: string): Key {
  try {
    return Key.fromHex(hex)
  } catch (cause) {
    throw new PeerError('invalid', 'A peer id is 40 hex digits.', { cause })
  }
}

/** Error: `invalid`. */
export function publicKeyOf(hex: string): PublicKey {
  return publicKey(fixedHex(hex, publicKeyBytes, 'A public key'))
}

/** `length` bytes from twice as many hex digits. Error: `invalid`. */
export function fixedHex(hex: string, length: number, what: string): Uint8Array {
  if (!new RegExp(`^[0-9a-fA-F]{${2 * length}}$`).test(hex)) throw new PeerError('invalid', `${what} is ${2 * length} hex digits.`)
  return hexToBytes(hex)
}
