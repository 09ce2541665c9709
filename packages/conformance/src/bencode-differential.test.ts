import bencode from 'bencode'
import { bencodeDepthMax, bencodeKeyBytesMax, type BencodeDictionary, type BencodeValue, decode, encode, isMalformed } from '@hashtab/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coreTargets } from '../../core/src/fixtures/foreign-bytes.js'
import { Mutator } from './mutator.js'

const inputs = 60_000
const [own] = coreTargets

/** A value of ours as the other library has it: keys are UTF-8 text, or hex where they are none, and integers are numbers. */
function asTheirs(value: BencodeValue): unknown {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map((entry: BencodeValue) => asTheirs(entry))
  return Object.fromEntries([...(value as BencodeDictionary)].map(([key, entry]) => [textOf(key), asTheirs(entry)]))
}

function textOf(key: string): string {
  const bytes = Buffer.from(key, 'latin1')
  const text = new TextDecoder().decode(bytes)
  return text.includes('\uFFFD') ? bytes.toString('hex') : text
}

/** Its integers beyond what a number holds exactly are about right. */
function withoutWide(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : 'wide'
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutWide)
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withoutWide(entry)]))
}

/** What it answers; undefined: it throws. */
function readByThem(bytes: Uint8Array) {
  try {
    return bencode.decode(bytes) ?? undefined
  } catch {
    return undefined
  }
}

/** Lists and dictionaries within each other. */
function depthOf(value: unknown): number {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function hasLongKey(value: unknown): boolean {
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return false
  const keys = Array.isArray(value) ? [] : Object.keys(value)
  return keys.some((key) => key.length > bencodeKeyBytesMax) || Object.values(value).some(hasLongKey)
}

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'k', 'v', 'e', 's', 'l', 't', '0', '1', '2'), maxLength: 6 })
const leaf = fc.oneof(fc.maxSafeInteger(), fc.uint8Array({ maxLength: 40 }))
const { value: anyValue } = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
  ),
}))

describe('our bencode beside that of BitTorrent in JavaScript', () => {
  test('writes the same bytes, and reads what it writes', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const theirs = bencode.encode(asTheirs(value))
        expect(encode(value)).toEqual(theirs)
        const read = decode(theirs)
        expect(isMalformed(read) ? read : asTheirs(read)).toEqual(asTheirs(value))
      }),
      { numRuns: 2_000 },
    )
  })

  test(`takes nothing that it reads otherwise, and refuses only what is not canonical or out of bounds: ${inputs} mutated inputs`, () => {
    const mutator = new Mutator(1)
    let [taken, refused, both] = [0, 0, 0]
    for (let count = 0; count < inputs; count++) {
      const bytes = mutator.mutated(own!.good)
      const hex = Buffer.from(bytes).toString('hex')
      const ours = decode(bytes)
      if (!isMalformed(ours)) {
        taken += 1
        expect([hex, withoutWide(readByThem(bytes))]).toEqual([hex, withoutWide(asTheirs(ours))])
        continue
      }
      refused += 1
      // A length below zero sends it back to where it was: it would never come to an end. Keys that are no ASCII it sorts in another order.
      if (bytes.some((byte) => byte === 0x2d || byte > 0x7f)) continue
      const theirs = readByThem(bytes)
      if (theirs === undefined) continue
      const isCanonical = Buffer.compare(bencode.encode(theirs), bytes) === 0
      if (!isCanonical) continue
      both += 1
      const isOutOfBounds =
        depthOf(theirs) > bencodeDepthMax || hasLongKey(theirs) || /i\d{16,}e/.test(Buffer.from(bytes).toString('latin1'))
      expect([hex, ours.malformed, isOutOfBounds]).toEqual([hex, ours.malformed, true])
    }
    expect(taken).toBeGreaterThan(1_000)
    expect(refused).toBeGreaterThan(10_000)
    console.log(`${taken} taken, ${refused} refused, of them ${both} that are canonical and out of our bounds`)
  })
})
