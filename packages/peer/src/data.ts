import { encodeUtf8, Key, keyBytes, type PublicKey, publicKey, publicKeyBytes } from '@hashtab/core'
import { hexToBytes, isBytes } from '@noble/hashes/utils.js'
import { PeerError } from './peer-error.js'

/** What an app may hand in: text is UTF-8. */
export type Data = string | Uint8Array

/** Error: `invalid` at anything else, which other peers would not take. */
export function bytesOf(data: Data): Uint8Array {
  if (typeof data === 'string') return encodeUtf8(data)
  if (data instanceof Uint8Array) return data
  // Of another realm (an iframe), which our own codec would not know.
  if (isBytes(data)) return new Uint8Array(data)
  throw new PeerError('invalid', 'Data is a string or a Uint8Array: turn anything else into one of them, as with JSON.stringify.')
}

/** The key that an app means: 20 bytes are a key themselves; any other bytes, and text, are hashed (SHA-256, the first 20 bytes). Error: `invalid`. */
export function keyOf(name: Data): Key {
  const bytes = bytesOf(name)
  return typeof name !== 'string' && bytes.length === keyBytes ? Key.fromBytes(bytes) : Key.hash(bytes)
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
