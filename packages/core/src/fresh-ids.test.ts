import { expect, it } from 'vitest'
import { seededRandom } from './fixtures/seeded-random.js'
import { FreshIds } from './fresh-ids.js'
import { keyBytes } from './keys/key.js'
import { nonceBytes } from './wire/letter.js'
import { messageIdBytes } from './wire/message.js'

it('numbers links from 1', () => {
  const ids = new FreshIds(seededRandom())
  expect([ids.link(), ids.link(), ids.link()]).toEqual([1, 2, 3])
})

it.each([
  ['message', messageIdBytes],
  ['mail', messageIdBytes],
  ['nonce', nonceBytes],
  ['channel', nonceBytes],
] as const)('names a %s by %i random bytes in hex', (what, length) => {
  const asked: number[] = []
  const ids = new FreshIds((count) => {
    asked.push(count)
    return new Uint8Array(count).fill(0xa5)
  })
  expect(ids[what]()).toBe('a5'.repeat(length))
  expect(asked).toEqual([length])
})

it('makes keys', () => {
  expect(new FreshIds((length) => new Uint8Array(length).fill(1)).key().hex).toBe('01'.repeat(keyBytes))
})

it.each([
  [0x00, 0],
  [0x80, 0.50195],
  [0xff, 0.99998],
])('a share of bytes %i is %d: never 1', (byte, share) => {
  expect(new FreshIds((length) => new Uint8Array(length).fill(byte)).share()).toBeCloseTo(share, 4)
})
