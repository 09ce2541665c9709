import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode } from '../bencode/bencode.js'
import { bep44Vectors } from '../fixtures/bep44.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { publicKey } from '../keys/public-key.js'
import { draftSigned } from './record-draft.js'
import {
  compareRecords,
  contentAddress,
  contentBytesMax,
  contentRecord,
  openKey,
  ownedKey,
  recordId,
  seqMax,
  signedBytes,
  signedPayloadBytesMax,
  signedValueBytesMax,
} from './record.js'
import { encodeUtf8 } from '../bencode/utf8.js'

const fromHex = (digits: string) => new Uint8Array(Buffer.from(digits, 'hex'))

describe('BEP 44', () => {
  it.each(bep44Vectors)('signs over $signed', ({ salt, seq, v, signed, target, publicKey: holder }) => {
    expect(signedBytes({ salt: encodeUtf8(salt), seq, v: encodeUtf8(v) })).toEqual(encodeUtf8(signed))
    expect(ownedKey(publicKey(fromHex(holder)), encodeUtf8(salt)).hex).toBe(target)
  })
})

describe('content', () => {
  it('is filed under the first 20 bytes of its address', () => {
    const record = contentRecord(encodeUtf8('abc'))
    const address = contentAddress(record.value)
    expect(Buffer.from(address).toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(record.key.toBytes()).toEqual(address.slice(0, 20))
  })

  it('has a bound', () => {
    expect(contentRecord(new Uint8Array(contentBytesMax)).value.length).toBe(contentBytesMax)
    expect(() => contentRecord(new Uint8Array(contentBytesMax + 1))).toThrow(RangeError)
  })
})

describe('draftSigned', () => {
  const holder = publicKey(new Uint8Array(32).fill(3))
  const wish = {
    kind: 'owned',
    publicKey: holder,
    salt: encodeUtf8('profile'),
    seq: 5n,
    expiresUnixS: 1_700_000_000,
    value: encodeUtf8('me'),
  } as const

  it('writes what is signed as BEP 44 has it', () => {
    const draft = draftSigned(wish)
    expect(Buffer.from(draft.signedBytes).toString('latin1')).toBe('4:salt7:profile3:seqi5e1:vd1:ei1700000000e1:v2:mee')
    expect(decode(draft.record.v)).toEqual(
      new Map<string, unknown>([
        ['e', 1_700_000_000],
        ['v', encodeUtf8('me')],
      ]),
    )
    expect(draft.record.key.equals(ownedKey(holder, wish.salt))).toBe(true)
  })

  it('begins the salt of an open record with its key', () => {
    const { record } = draftSigned({ ...wish, kind: 'open', key: key('0b1011'), rest: Uint8Array.of(1, 2) })
    expect(record.salt).toEqual(Uint8Array.of(0b1011_0000, ...new Uint8Array(19), 1, 2))
    expect(openKey(record.salt)?.equals(key('0b1011'))).toBe(true)
    expect(record.key.equals(key('0b1011'))).toBe(true)
  })

  it('fits the longest value into what BEP 44 allows, with the latest expiry', () => {
    const { record } = draftSigned({ ...wish, expiresUnixS: 9_999_999_999, value: new Uint8Array(signedPayloadBytesMax) })
    expect(record.v.length).toBe(signedValueBytesMax)
  })

  it.each([
    { value: new Uint8Array(signedPayloadBytesMax + 1) },
    { salt: new Uint8Array(65) },
    { seq: -1n },
    { seq: seqMax + 1n },
    { expiresUnixS: 1.5 },
    { expiresUnixS: -1 },
    { expiresUnixS: 10_000_000_000 },
  ])('refuses what is out of bounds: %o', (fault) => {
    expect(() => draftSigned({ ...wish, ...fault })).toThrow(RangeError)
  })

  it('refuses more than 44 bytes after the key of an open record', () => {
    expect(draftSigned({ ...wish, kind: 'open', key: key('0b1'), rest: new Uint8Array(44) }).record.salt.length).toBe(64)
    expect(() => draftSigned({ ...wish, kind: 'open', key: key('0b1'), rest: new Uint8Array(45) })).toThrow(RangeError)
  })
})

describe('recordId', () => {
  it('tells versions of one record from other records', () => {
    const id = recordId(openRecord(key('0b1'), { publisher: 1, seq: 1 }))
    expect(recordId(openRecord(key('0b1'), { publisher: 1, seq: 9, value: 'x' }))).toBe(id)
    expect(recordId(openRecord(key('0b1'), { publisher: 2 }))).not.toBe(id)
    expect(recordId(openRecord(key('0b0'), { publisher: 1 }))).not.toBe(id)
    expect(recordId(ownedRecord('a'))).not.toBe(recordId(ownedRecord('b')))
    expect(recordId(ownedRecord('a'))).toBe(recordId(ownedRecord('a', { seq: 2 })))
  })
})

describe('compareRecords', () => {
  it('puts the higher seq first, whatever the bytes', () => {
    expect(compareRecords(ownedRecord('a', { seq: 10 }), ownedRecord('a', { seq: 9, value: 'zzz' }))).toBeGreaterThan(0)
    expect(compareRecords(ownedRecord('a', { seq: 2 ** 40 }), ownedRecord('a', { seq: 2 ** 40 + 1 }))).toBeLessThan(0)
  })

  it('knows the same bytes', () => {
    expect(compareRecords(ownedRecord('a', { value: 'x' }), ownedRecord('a', { value: 'x' }))).toBe(0)
    expect(compareRecords(contentRecord(encodeUtf8('x')), contentRecord(encodeUtf8('x')))).toBe(0)
  })

  it('is a strict order over any versions', () => {
    const version = fc.record({ seq: fc.nat(2), value: fc.constantFrom('', 'a', 'b', 'c'), expiresUnixS: fc.constantFrom(1, 2) })
    fc.assert(
      fc.property(version, version, version, (x, y, z) => {
        const [a, b, c] = [ownedRecord('n', x), ownedRecord('n', y), ownedRecord('n', z)]
        expect(Math.sign(compareRecords(a, b))).toBe(0 - Math.sign(compareRecords(b, a)))
        expect(compareRecords(a, b) === 0).toBe(x.seq === y.seq && x.value === y.value && x.expiresUnixS === y.expiresUnixS)
        if (compareRecords(a, b) <= 0 && compareRecords(b, c) <= 0) expect(compareRecords(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})
