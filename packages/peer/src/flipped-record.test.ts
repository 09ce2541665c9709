import {
  contentRecord,
  decode,
  decodeRecord,
  draftSigned,
  encode,
  encodeRecord,
  encodeUtf8,
  isMalformed,
  judgeRecord,
  Key,
  type Record,
  type RecordWish,
  withSignature,
} from '@hashtab/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signerFromSeed } from './signer-from-seed.js'
import { verify } from './verify.js'

const unixS = 1_700_000_000
const signer = signerFromSeed(new Uint8Array(32).fill(3))
const key = Key.hash(encodeUtf8('hello'))
const wish = { publicKey: signer.publicKey, seq: 1_700_000_000_000_000n, expiresUnixS: unixS + 3_600, value: encodeUtf8('a value') }

async function signed(of: RecordWish): Promise<Record> {
  const draft = draftSigned(of)
  return withSignature(draft, await signer.sign(draft.signedBytes))
}

const records: readonly Record[] = [
  await signed({ ...wish, kind: 'owned', salt: encodeUtf8('profile') }),
  await signed({ ...wish, kind: 'open', key }),
  contentRecord(encodeUtf8('content')),
]

/** Where it is asked for. */
const isGood = (bytes: Uint8Array, target: Key) => {
  const record = decodeRecord(decode(bytes))
  return !isMalformed(record) && record.key.equals(target) && judgeRecord(record, verify, unixS) === 'valid'
}

describe.each(records.map((record) => [record.kind, record] as const))('a record: %s', (_, record) => {
  const bytes = encode(encodeRecord(record))

  test('is good as it is, and under no other key', () => {
    expect(isGood(bytes, record.key)).toBe(true)
    expect(isGood(bytes, Key.hash(encodeUtf8('another')))).toBe(false)
  })

  test('with any byte changed is no good', () => {
    const masks = fc.array(fc.integer({ min: 1, max: 255 }), { minLength: bytes.length, maxLength: bytes.length })
    fc.assert(
      fc.property(masks, (masks) => {
        for (const [place, mask] of masks.entries()) {
          const changed = bytes.slice()
          changed[place]! ^= mask
          expect([place, mask, isGood(changed, record.key)]).toEqual([place, mask, false])
        }
      }),
      { numRuns: 4 },
    )
  })
})
