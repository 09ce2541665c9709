import { describe, expect, it } from 'vitest'
import { type BencodeValue, decode, encode } from './bencode.js'
import { dictionary, optional, required, tagged } from './dictionary-shape.js'
import { bytes, type FieldValue, flag, hex, integer, integer64, keyField, list, oneOf, publicKeyField, text } from './field.js'
import { contact, key } from '../fixtures/visible-key.js'
import { isMalformed } from './malformed.js'

const sighting = dictionary({
  who: required('k', publicKeyField),
  hops: required('h', integer(0, 44)),
  route: required('r', list(keyField, 2)),
  note: optional('n', text(8)),
})
type Sighting = FieldValue<typeof sighting>

const question = tagged('type', 't', {
  ping: {},
  find: {
    target: required('k', keyField),
    want: required('w', oneOf('peers', 'owned')),
    ifSeq: optional('s', integer64(0n, 2n ** 63n - 1n)),
  },
})
type Question = FieldValue<typeof question>

const who = contact('0b1').publicKey
const entries = (value: BencodeValue) => new Map(value as ReadonlyMap<string, BencodeValue>)

describe('dictionary', () => {
  const seen: Sighting = { who, hops: 3, route: [key('0b01'), key('0b10')], note: 'hé' }

  it('reads what it wrote', () => {
    const read = sighting.read(decode(encode(sighting.write(seen))))
    expect(read).toEqual(seen)
  })

  it('leaves out what is optional and missing', () => {
    const { note: _, ...bare } = seen
    expect(sighting.read(sighting.write(bare))).toEqual(bare)
    expect(entries(sighting.write(bare)).has('n')).toBe(false)
  })

  it.each<[string, string, BencodeValue | undefined]>([
    ['hops: missing', 'h', undefined],
    ['hops: integer out of bounds', 'h', 45],
    ['hops: integer out of bounds', 'h', -1],
    ['hops: no integer', 'h', 2n ** 60n],
    ['hops: no integer', 'h', []],
    ['who: 31 bytes', 'k', new Uint8Array(31)],
    ['who: no byte string', 'k', 1],
    ['route: 3 entries', 'r', [new Uint8Array(20), new Uint8Array(20), new Uint8Array(20)]],
    ['route: 19 bytes', 'r', [new Uint8Array(19)]],
    ['route: no list', 'r', new Map()],
    ['note: utf8', 'n', Uint8Array.of(0xff)],
    ['note: 9 bytes', 'n', new Uint8Array(9)],
    ['unknown entries', 'x', 0],
  ])('refuses %s', (why, wireKey, entry) => {
    const value = entries(sighting.write(seen))
    if (entry === undefined) value.delete(wireKey)
    else value.set(wireKey, entry)
    expect(sighting.read(value)).toEqual({ malformed: expect.stringContaining(why) })
  })

  it('refuses what is no dictionary, and hands on what was malformed before', () => {
    expect(isMalformed(sighting.read([]))).toBe(true)
    expect(sighting.read(decode(Uint8Array.of(0x78)))).toEqual({ malformed: 'bencode: no value begins so' })
  })

  it('throws at a shape that uses a wire key twice', () => {
    expect(() => dictionary({ a: required('k', flag), b: required('k', flag) })).toThrow(TypeError)
    expect(() => tagged('type', 't', { one: { a: required('t', flag) } })).toThrow(TypeError)
  })
})

describe('tagged', () => {
  it.each<Question>([{ type: 'ping' }, { type: 'find', target: key('0b11'), want: 'owned', ifSeq: 7n }])(
    'reads what it wrote: $type',
    (value) => {
      expect(question.read(decode(encode(question.write(value))))).toEqual(value)
    },
  )

  it.each<[string, BencodeValue]>([
    ['no tag', new Map()],
    ['another tag', new Map([['t', Uint8Array.of(0x70)]])],
    ['a tag that is no string', new Map([['t', 1]])],
    ['a property of every object', new Map([['t', Uint8Array.from(Buffer.from('constructor'))]])],
    ['a long tag', new Map([['t', new Uint8Array(100_000)]])],
    [
      'too much',
      new Map<string, BencodeValue>([
        ['t', Uint8Array.from(Buffer.from('ping'))],
        ['k', 1],
      ]),
    ],
    ['a list', []],
  ])('refuses %s', (_, value) => {
    expect(isMalformed(question.read(value))).toBe(true)
  })
})

it.each([
  [flag, true, 1],
  [flag, false, 0],
  [hex(2), '00ff', Uint8Array.of(0, 0xff)],
  [bytes(0, 2), new Uint8Array(1), new Uint8Array(1)],
  [integer64(0n, 5n), 5n, 5n],
] as const)('a field alone', (field, value, wire) => {
  expect(field.write(value as never)).toEqual(wire)
  expect(field.read(wire)).toEqual(value)
})

it('a flag is 0 or 1', () => {
  expect(isMalformed(flag.read(2))).toBe(true)
})
