import { utf8ToBytes } from '@noble/hashes/utils.js'
import { malformed, type Malformed } from './malformed.js'

/** The UTF-8 bytes of a text; half a surrogate pair becomes U+FFFD (as the WHATWG encoding standard has it). */
export function encodeUtf8(text: string): Uint8Array {
  return utf8ToBytes(text)
}

/**
 * The text of these bytes, or `Malformed` where they are not exactly UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).
 * A byte order mark is kept, so `encodeUtf8` gives the same bytes back.
 */
export function decodeUtf8(bytes: Uint8Array): string | Malformed {
  const units: string[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!
    const length = sequenceLength(first)
    let point = length === 1 ? first : first & (0x7f >> length)
    for (let i = 1; i < length; i++) {
      const next = bytes[at + i] ?? 0
      if ((next & 0xc0) !== 0x80) return malformed('utf8: broken sequence')
      point = (point << 6) | (next & 0x3f)
    }
    if (length === 0 || point < smallestOf[length]! || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      return malformed('utf8: no such character')
    }
    units.push(String.fromCodePoint(point))
    at += length
  }
  return units.join('')
}

/** The smallest character that needs so many bytes. */
const smallestOf = [0, 0, 0x80, 0x800, 0x10000]

function sequenceLength(first: number): number {
  if (first < 0x80) return 1
  if (first < 0xc0) return 0
  if (first < 0xe0) return 2
  if (first < 0xf0) return 3
  return first < 0xf8 ? 4 : 0
}
