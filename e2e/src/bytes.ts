/** Bytes that look like chance and are the same for the same seed (xorshift32, Marsaglia 2003). */
export function bytesOf(length: number, seed: number): Uint8Array {
  let state = seed | 0 || 1
  return Uint8Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}
