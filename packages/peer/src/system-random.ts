import type { Random } from './ports/random.js'

/** The platform's cryptographic source, drawn in blocks: a block costs as little as eight bytes do. */
const blockBytes = 4_096
let block = new Uint8Array(0)
let used = 0

export const systemRandom: Random = (length) => {
  if (length > blockBytes) throw new RangeError(`At most ${blockBytes} random bytes at a time.`)
  if (used + length > block.length) {
    block = crypto.getRandomValues(new Uint8Array(blockBytes))
    used = 0
  }
  const bytes = block.slice(used, used + length)
  block.fill(0, used, used + length)
  used += length
  return bytes
}
