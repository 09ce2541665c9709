import { montgomery } from '@noble/curves/abstract/montgomery.js'
import { pow } from '@noble/curves/abstract/modular.js'

const prime = 2n ** 255n - 19n

/** X25519 (RFC 7748). By its parameters: the library's ready-made one brings a second Ed25519 along. */
export const x25519 = montgomery({
  type: 'x25519',
  P: prime,
  powPminus2: (x) => pow(x, prime - 2n, prime),
  adjustScalarBytes: clamp,
})

/** Section 5: the lowest three bits and the highest one are 0, the one below it is 1. */
function clamp(scalar: Uint8Array): Uint8Array {
  scalar[0]! &= 0xf8
  scalar[31] = (scalar[31]! & 0x7f) | 0x40
  return scalar
}
