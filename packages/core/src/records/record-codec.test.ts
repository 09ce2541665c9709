import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BencodeValue, decode, encode } from '../bencode/bencode.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { isMalformed } from '../bencode/malformed.js'
import { decodeRecord, encodeRecord } from './record-codec.js'
import { contentBytesMax, contentRecord, type Record, signedPayloadBytesMax } from './record.js'
import { encodeUtf8 } from '../bencode/utf8.js'

const anyRecord: fc.Arbitrary<Record> = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map(contentRecord),
  fc
    .record({ seq: fc.nat(), publisher: fc.nat(255), expiresUnixS: fc.nat(), value: fc.string(), name: fc.string({ maxLength: 12 }) })
    .map(({ name, ...made }) => ownedRecord(name, made)),
  fc.record({ seq: fc.nat(), publisher: fc.nat(255), value: fc.string() }).map((made) => openRecord(key('0b01'), made)),
)

/** The encoded record with one entry put in place of another, or taken out. */
function changed(record: Record, wireKey: string, entry: BencodeValue | undefined): BencodeValue {
  const value = new Map(encodeRecord(record) as ReadonlyMap<string, BencodeValue>)
  if (entry === undefined) value.delete(wireKey)
  else value.set(wireKey, entry)
  return value
}

describe('records as bencode', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(decodeRecord(decode(encode(encodeRecord(record))))).toEqual(record)
      }),
    )
  })

  it('carry an item as BEP 44 does, and no key', () => {
    const wire = encodeRecord(ownedRecord('me', { seq: 3, expiresUnixS: 9, value: 'x' })) as ReadonlyMap<string, BencodeValue>
    expect([...wire.keys()].sort()).toEqual(['k', 'salt', 'seq', 'sig', 't', 'v'])
    expect(wire.get('v')).toEqual(
      new Map<string, BencodeValue>([
        ['e', 9],
        ['v', encodeUtf8('x')],
      ]),
    )
  })

  it.each<[string, BencodeValue]>([
    ['a content too long', changed(contentRecord(new Uint8Array(1)), 'v', new Uint8Array(contentBytesMax + 1))],
    ['a content without a key', changed(contentRecord(new Uint8Array(1)), 'h', undefined)],
    ['an unknown kind', changed(ownedRecord('a'), 't', encodeUtf8('other'))],
    ['a short public key', changed(ownedRecord('a'), 'k', new Uint8Array(31))],
    ['a long salt', changed(ownedRecord('a'), 'salt', new Uint8Array(65))],
    ['an open record whose salt is shorter than a key', changed(openRecord(key('0b1')), 'salt', new Uint8Array(19))],
    ['a negative seq', changed(ownedRecord('a'), 'seq', -1)],
    ['a long signature', changed(ownedRecord('a'), 'sig', new Uint8Array(65))],
    ['a value that is bytes alone', changed(ownedRecord('a'), 'v', encodeUtf8('x'))],
    [
      'a value too long',
      changed(
        ownedRecord('a'),
        'v',
        new Map<string, BencodeValue>([
          ['e', 1],
          ['v', new Uint8Array(signedPayloadBytesMax + 1)],
        ]),
      ),
    ],
    [
      'a value that says more',
      changed(
        ownedRecord('a'),
        'v',
        new Map<string, BencodeValue>([
          ['e', 1],
          ['v', encodeUtf8('x')],
          ['z', 0],
        ]),
      ),
    ],
    [
      'an expiry past the year 2286',
      changed(
        ownedRecord('a'),
        'v',
        new Map<string, BencodeValue>([
          ['e', 10_000_000_000],
          ['v', encodeUtf8('x')],
        ]),
      ),
    ],
    ['more than a record', changed(ownedRecord('a'), 'x', 1)],
  ])('refuses %s', (_, value) => {
    expect(isMalformed(decodeRecord(value))).toBe(true)
  })

  it('refuse any bytes that are none, without a throw', () => {
    const flipped = fc.tuple(anyRecord, fc.nat(), fc.nat(255)).map(([record, place, byte]) => {
      const bytes = encode(encodeRecord(record))
      bytes[place % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(flipped, (bytes) => {
        const record = decodeRecord(decode(bytes))
        if (!isMalformed(record)) expect(encode(encodeRecord(record))).toEqual(bytes)
      }),
      { numRuns: 1_000 },
    )
  })
})
