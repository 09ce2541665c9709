import { publicKey, signature } from '@hashtab/core'
import { Point } from '@noble/ed25519'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { bep44Vectors } from '../../core/src/fixtures/bep44.js'
import { signerFromSeed } from './signer-from-seed.js'
import { verify } from './verify.js'

/** Three times what the engine keeps of the code that has run, and our own table; the library's takes 800,000 and more. */
const heapBytesMax = 250_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('who verifies, and does not sign in JavaScript, has no table of the library', () => {
  const [vector] = bep44Vectors
  const sealed = signature(Buffer.from(vector.signature, 'hex'))
  const message = new TextEncoder().encode(vector.signed)
  // The library looks up the base point in its table wherever it meets it, as in the second of these.
  const judge = () => [Buffer.from(vector.publicKey, 'hex'), Point.BASE.toBytes()].map((key) => verify(sealed, message, publicKey(key)))
  expect(bytesKept(judge)).toBeLessThan(heapBytesMax)
  expect(judge()).toEqual([true, false])
  // What is looked for would be seen.
  expect(bytesKept(() => signerFromSeed(new Uint8Array(32)))).toBeGreaterThan(2 * heapBytesMax)
})

function bytesKept(work: () => unknown): number {
  collectGarbage()
  const before = getHeapStatistics().used_heap_size
  work()
  collectGarbage()
  return getHeapStatistics().used_heap_size - before
}
