import { malformed } from '@hashtab/core'
import { expect, test } from 'vitest'
import { fuzz, type FuzzTarget } from './fuzz.js'
import { Mutator } from './mutator.js'

const good = [Uint8Array.of(1, 2, 3)]
const target: FuzzTarget = { name: 'threes', good, decode: (bytes) => (bytes[2] === 3 ? bytes : malformed('no three')) }

test('the same seed makes the same inputs, another one others', () => {
  const made = (seed: number) => {
    const mutator = new Mutator(seed)
    return Array.from({ length: 100 }, () => Buffer.from(mutator.mutated(good)).toString('hex'))
  }
  expect(made(1)).toEqual(made(1))
  expect(made(1)).not.toEqual(made(2))
  expect(new Set(made(1)).size).toBeGreaterThan(80)
})

test('counts what was taken', () => {
  const { inputs, taken } = fuzz(target, 1_000, 1)
  expect(inputs).toBe(1_000)
  expect(taken).toBeGreaterThan(10)
  expect(taken).toBeLessThan(900)
})

test.each<[string, Partial<FuzzTarget>, RegExp]>([
  [
    'that throws',
    {
      decode: (bytes) =>
        bytes.length === 5
          ? (() => {
              throw new TypeError('five')
            })()
          : bytes,
    },
    /threes, seed 1, input \d+ is not judged \(five\): [0-9a-f]{10}$/,
  ],
  [
    'that takes what it must not',
    {
      check: (_, bytes) => {
        if (bytes.length > 3) throw new Error('too many')
      },
    },
    /input \d+ is not judged \(too many\): /,
  ],
  ['that refuses a good input', { decode: () => malformed('all') }, /refuses a good input, 010203/],
  [
    'that takes its time',
    {
      decode: (bytes) => {
        const endMs = performance.now() + (bytes.length === 4 ? 110 : 0)
        while (performance.now() < endMs) continue
      },
    },
    /input \d+ is not judged \(1\d\d ms\)/,
  ],
])('finds the decoder %s', (_, part, said) => expect(() => fuzz({ ...target, ...part }, 1_000, 1)).toThrow(said))
