import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMalformed } from '../bencode/malformed.js'
import { goldenMessages } from '../fixtures/golden-messages.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { Key, keyBytes, prefixBytes } from '../keys/key.js'
import { contactOf, publicKey, publicKeyBytes } from '../keys/public-key.js'
import { contentBytesMax, contentRecord, type Record } from '../records/record.js'
import { partBytesMax } from './letter.js'
import {
  type Answer,
  answerRecordsMax,
  avoidMax,
  comparedMax,
  type Envelope,
  hopsMax,
  leaseMaxS,
  type Message,
  type Neighbours,
  neighbourRttMaxMs,
  neighboursMax,
  type Payload,
  protocolVersion,
  type Question,
  type Receipt,
  replicas,
  type Seek,
  type Want,
} from './message.js'
import { recordsThatFit } from '../records/records-that-fit.js'
import { versionsDigestBytes } from '../records/record-version.js'
import { decodeMessage, encodeMessage } from './message-codec.js'
import { messageBytesMax } from './wire-bounds.js'

const anyKey = fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes }).map((bytes) => Key.fromBytes(bytes))
const anyContact = fc.uint8Array({ minLength: publicKeyBytes, maxLength: publicKeyBytes }).map((bytes) => contactOf(publicKey(bytes)))
const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)
const anyId = hexOf(8)
const anyRecord: fc.Arbitrary<Record> = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map(contentRecord),
  fc.record({ seq: fc.nat(), publisher: fc.nat(255), value: fc.string({ maxLength: 40 }) }).map((made) => ownedRecord('a', made)),
  fc.record({ seq: fc.nat(), publisher: fc.nat(255), value: fc.string({ maxLength: 40 }) }).map((made) => openRecord(key('0b01'), made)),
)
const anyWant = fc.constantFrom<Want>('peers', 'content', 'owned', 'open')
const anyQuestion: fc.Arbitrary<Question> = fc.oneof(
  fc.constant<Question>({ type: 'ping' }),
  fc.record({ type: fc.constant('find' as const), target: anyKey, want: anyWant }),
  fc.record(
    { type: fc.constant('store' as const), record: anyRecord, ifSeq: fc.bigInt(0n, 2n ** 63n - 1n) },
    { requiredKeys: ['type', 'record'] },
  ),
  fc.record({ type: fc.constant('compare' as const), versions: fc.array(anyId, { maxLength: 4 }) }),
  fc.record({
    type: fc.constant('watch' as const),
    target: anyKey,
    want: fc.constantFrom('owned', 'open'),
    lease: anyId,
    leaseS: fc.nat(leaseMaxS),
    known: hexOf(versionsDigestBytes),
  }),
  fc.record({
    type: fc.constant('changed' as const),
    lease: anyId,
    records: fc.array(anyRecord, { maxLength: 4 }),
    ending: fc.boolean(),
  }),
)
const anyReceipt = fc.constantFrom<Receipt>('stored', 'same', 'stale', 'conflict', 'full', 'refused')
const anyPlaced = fc.record({ contact: anyContact, receipt: anyReceipt }, { requiredKeys: ['contact'] })
const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
  fc.constant<Answer>({ type: 'pong' }),
  fc.record({
    type: fc.constant('found' as const),
    contacts: fc.array(anyContact, { maxLength: replicas }),
    records: fc.array(anyRecord, { maxLength: 4 }),
  }),
  fc.record(
    {
      type: fc.constant('receipt' as const),
      receipt: anyReceipt,
      newer: anyRecord,
    },
    { requiredKeys: ['type', 'receipt'] },
  ),
  fc.record(
    { type: fc.constant('placed' as const), replicas: fc.array(anyPlaced, { maxLength: replicas }), newer: anyRecord },
    { requiredKeys: ['type', 'replicas'] },
  ),
  fc.record({ type: fc.constant('compared' as const), lacking: fc.array(anyId, { maxLength: 4 }) }),
  fc.record({
    type: fc.constant('watching' as const),
    verdict: fc.constantFrom('taken', 'full', 'elsewhere', 'ended'),
    leaseS: fc.nat(leaseMaxS),
    contacts: fc.array(anyContact, { maxLength: replicas }),
    records: fc.array(anyRecord, { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('heard' as const), watching: fc.boolean() }),
)
const anyPayload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ type: fc.constant('request' as const), id: anyId, question: anyQuestion }),
  fc.record({ type: fc.constant('response' as const), id: anyId, answer: anyAnswer }),
  fc.record({ type: fc.constant('undeliverable' as const), id: anyId }),
  fc.record({ type: fc.constant('letter' as const), id: anyId, sealed: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  fc.record({
    type: fc.constant('secret' as const),
    id: anyId,
    session: hexOf(16),
    counter: fc.nat(2 ** 40),
    sealed: fc.uint8Array({ minLength: 16, maxLength: 300 }),
  }),
  fc.record({ type: fc.constant('forgotten' as const), session: hexOf(16) }),
)
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), version: fc.integer({ min: protocolVersion, max: 2 ** 16 }) }),
  fc.record({ type: fc.constant('wants' as const), wanted: fc.boolean() }),
  fc.record({
    type: fc.constant('neighbours' as const),
    came: fc.array(fc.record({ contact: anyContact, rttMs: fc.nat(neighbourRttMaxMs) }), { maxLength: neighboursMax }),
    went: fc.array(hexOf(prefixBytes), { maxLength: neighboursMax }),
  }),
  fc.record({
    type: fc.constant('seek' as const),
    id: anyId,
    target: anyKey,
    want: anyWant,
    path: fc.array(anyKey, { minLength: 1, maxLength: 5 }),
    avoid: fc.array(anyKey, { maxLength: avoidMax }),
    hopsLeft: fc.nat(hopsMax - 5),
  }),
  anyRecord.chain((record) =>
    fc.record({
      type: fc.constant('seek' as const),
      id: anyId,
      target: fc.constant(record.key),
      want: fc.constant('peers' as const),
      path: fc.array(anyKey, { minLength: 1, maxLength: 5 }),
      avoid: fc.constant([]),
      hopsLeft: fc.nat(hopsMax - 5),
      store: fc.record(
        { record: fc.constant(record), ifSeq: fc.bigInt(0n, 2n ** 63n - 1n), all: fc.boolean() },
        { requiredKeys: ['record', 'all'] },
      ),
    }),
  ),
  fc.record({ type: fc.constantFrom('taken' as const, 'declined' as const), id: anyId }),
  fc.constantFrom<Message>({ type: 'leaving' }, { type: 'draw' }),
  fc.record({ type: fc.constant('spoken' as const), id: anyId, body: hexOf(16).map((channel) => ({ type: 'open' as const, channel })) }),
  fc.record({
    type: fc.constant('envelope' as const),
    destination: anyKey,
    route: fc.array(anyKey, { maxLength: 5 }),
    path: fc.array(anyKey, { minLength: 1, maxLength: 5 }),
    hopsLeft: fc.nat(hopsMax - 5),
    payload: anyPayload,
  }),
)

const many = (count: number) => Array.from({ length: count }, (_, i) => key(`0b1${i.toString(2)}`))
const peers = (count: number) => Array.from({ length: count }, (_, i) => contactOf(publicKey(new Uint8Array(publicKeyBytes).fill(i))))
const envelope = (over: Partial<Envelope> = {}): Envelope => ({
  type: 'envelope',
  destination: key('0b1'),
  route: [],
  path: [key('0b0')],
  hopsLeft: hopsMax,
  payload: { type: 'undeliverable', id: '00'.repeat(8) },
  ...over,
})
const seek = (over: Partial<Seek> = {}): Seek => ({
  type: 'seek',
  id: '00'.repeat(8),
  target: key('0b1'),
  want: 'open',
  path: [key('0b0')],
  avoid: [],
  hopsLeft: hopsMax,
  ...over,
})
const storing = (record: Record): Partial<Seek> => ({ target: record.key, want: 'peers', store: { record, all: true } })
const told = (count: number, rttMs = 0) => peers(count).map((contact) => ({ contact, rttMs }))
const prefixes = (count: number) => many(count).map(({ prefix }) => prefix)
const neighbours = (over: Partial<Neighbours>): Neighbours => ({ type: 'neighbours', came: [], went: [], ...over })
const request = (question: Question) => envelope({ payload: { type: 'request', id: '00'.repeat(8), question } })
const response = (answer: Answer) => envelope({ payload: { type: 'response', id: '00'.repeat(8), answer } })

/** As a relay would pass it on. */
const passedOn = <Passed extends Envelope | Seek>(message: Passed, by: Key): Passed => ({
  ...message,
  path: [...message.path, by],
  hopsLeft: message.hopsLeft - 1,
})

describe('messages on the wire', () => {
  it.each(goldenMessages)('%s: these bytes, for ever', (_, message, hex) => {
    expect(bytesToHex(encodeMessage(message))).toBe(hex)
    expect(decodeMessage(hexToBytes(hex))).toEqual(message)
  })

  it('come back as they were', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message)
      }),
    )
  })

  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(isMalformed(decodeMessage(bytes))).toBe(true)
      }),
    )
  })

  it('with one byte changed are malformed, or another message of the same bytes', () => {
    const flipped = fc.tuple(anyMessage, fc.nat(), fc.nat(255)).map(([message, place, byte]) => {
      const bytes = encodeMessage(message)
      bytes[place % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(flipped, (bytes) => {
        const message = decodeMessage(bytes)
        if (!isMalformed(message)) expect(encodeMessage(message)).toEqual(bytes)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each<[string, Message]>([
    ['another version of the protocol below ours', { type: 'hello', version: protocolVersion - 1 }],
    ['too many neighbours that came', neighbours({ came: told(neighboursMax + 1) })],
    ['too many neighbours that went', neighbours({ went: prefixes(neighboursMax + 1) })],
    ['half of an id that went', neighbours({ went: ['00'.repeat(prefixBytes / 2)] })],
    ['a round trip below none', neighbours({ came: told(1, -1) })],
    ['too long a round trip', neighbours({ came: told(1, neighbourRttMaxMs + 1) })],
    ['a seek of nobody', seek({ path: [] })],
    ['a seek with too long a path', seek({ path: many(hopsMax + 2), hopsLeft: 0 })],
    ['a seek with too many hops left', seek({ hopsLeft: hopsMax + 1 })],
    ['a seek with more hops left than its path may grow', seek({ path: many(2) })],
    ['a seek that is to avoid too many', seek({ avoid: many(avoidMax + 1) })],
    ['a record on its way to another key', seek({ want: 'peers', store: { record: openRecord(key('0b01')), all: false } })],
    ['a record on its way with a wish to read', seek({ target: key('0b1'), store: { record: openRecord(key('0b1')), all: false } })],
    ['too many versions', request({ type: 'compare', versions: Array.from({ length: comparedMax + 1 }, () => '00'.repeat(8)) })],
    ['half a version', request({ type: 'compare', versions: ['00'.repeat(4)] })],
    ['too many replicas', response({ type: 'placed', replicas: peers(replicas + 1).map((contact) => ({ contact })) })],
    ['a seek with half an id', seek({ id: '00' })],
    ['an acknowledgement without an id', { type: 'taken', id: '' }],
    ['too long a route', envelope({ route: many(hopsMax + 1) })],
    ['a path of nobody', envelope({ path: [] })],
    ['too long a path', envelope({ path: many(hopsMax + 2), hopsLeft: 0 })],
    ['too many hops left', envelope({ hopsLeft: hopsMax + 1 })],
    ['more hops left than the path may grow', envelope({ path: many(2) })],
    ['hops below none', envelope({ hopsLeft: -1 })],
    ['too many contacts in an answer', response({ type: 'found', contacts: peers(replicas + 1), records: [] })],
    [
      'too many records in an answer',
      response({
        type: 'found',
        contacts: [],
        records: Array.from({ length: answerRecordsMax + 1 }, (_, i) => openRecord(key('0b1'), { seq: i })),
      }),
    ],
    ['a letter without bytes', envelope({ payload: { type: 'letter', id: '00'.repeat(8), sealed: new Uint8Array(0) } })],
    [
      'a condition below zero',
      envelope({ payload: { type: 'request', id: '00'.repeat(8), question: { type: 'store', record: ownedRecord('a'), ifSeq: -1n } } }),
    ],
    [
      'too long a lease',
      request({
        type: 'watch',
        target: key('0b1'),
        want: 'open',
        lease: '00'.repeat(8),
        leaseS: leaseMaxS + 1,
        known: '00'.repeat(versionsDigestBytes),
      }),
    ],
    ['too long a name of a lease', request({ type: 'changed', lease: '00'.repeat(9), records: [], ending: false })],
    [
      'too many records in a push',
      request({
        type: 'changed',
        lease: '00'.repeat(8),
        records: Array.from({ length: answerRecordsMax + 1 }, (_, i) => openRecord(key('0b1'), { seq: i })),
        ending: false,
      }),
    ],
    [
      'too many contacts of a holder',
      response({ type: 'watching', verdict: 'taken', leaseS: 1, contacts: peers(replicas + 1), records: [] }),
    ],
    [
      'too long a part',
      {
        type: 'spoken',
        id: '00'.repeat(8),
        body: { type: 'part', channel: '00'.repeat(16), seq: 0, last: true, data: new Uint8Array(partBytesMax + 1) },
      },
    ],
  ])('refuse %s', (_, message) => expect(isMalformed(decodeMessage(encodeMessage(message)))).toBe(true))

  it('refuse what is longer than a message, unread', () => {
    expect(decodeMessage(new Uint8Array(messageBytesMax + 1))).toEqual({
      malformed: `${messageBytesMax + 1} bytes are more than a message has`,
    })
  })

  it.each<[string, Message]>([
    ['the longest path', envelope({ path: many(hopsMax + 1), hopsLeft: 0 })],
    ['a seek with the longest path, round as many as it may avoid', seek({ path: many(hopsMax + 1), avoid: many(avoidMax), hopsLeft: 0 })],
    [
      'the longest content, round as many as it may avoid',
      seek({ ...storing(contentRecord(new Uint8Array(contentBytesMax))), path: many(hopsMax + 1), avoid: many(avoidMax), hopsLeft: 0 }),
    ],
    [
      'as many versions as one comparison has',
      request({ type: 'compare', versions: Array.from({ length: comparedMax }, (_, i) => i.toString(16).padStart(16, '0')) }),
    ],
    [
      'a whole list of neighbours, come and gone',
      neighbours({ came: told(neighboursMax, neighbourRttMaxMs), went: prefixes(neighboursMax) }),
    ],
    [
      'a push of as much as one may be',
      request({
        type: 'changed',
        lease: '00'.repeat(8),
        records: recordsThatFit(
          Array.from({ length: answerRecordsMax }, (_, i) => openRecord(key('0b1'), { seq: i, value: 'x'.repeat(900) })),
        ),
        ending: true,
      }),
    ],
    [
      'the longest content',
      envelope({
        payload: {
          type: 'request',
          id: '00'.repeat(8),
          question: { type: 'store', record: contentRecord(new Uint8Array(contentBytesMax)) },
        },
      }),
    ],
  ])('have room for %s', (_, message) => expect(decodeMessage(encodeMessage(message))).toEqual(message))
})

describe('an envelope', () => {
  const sealedOf = (length: number) =>
    envelope({ route: many(hopsMax), payload: { type: 'letter', id: '00'.repeat(8), sealed: new Uint8Array(length) } })

  it('that one peer takes can be passed on to the last hop: no relay is blamed for what it got', () => {
    let length = messageBytesMax - 2_000
    while (isMalformed(decodeMessage(encodeMessage(sealedOf(length))))) length -= 1
    let message = sealedOf(length)
    for (const by of many(hopsMax)) {
      message = passedOn(message, by)
      expect(decodeMessage(encodeMessage(message))).toEqual(message)
    }
    expect(message.hopsLeft).toBe(0)
  })
})

it.each([
  ['a seek', {}],
  ['a record', storing(contentRecord(new Uint8Array(contentBytesMax)))],
])('%s that one peer takes can be passed on to the last hop', (_, over) => {
  let message = seek({ avoid: many(avoidMax), ...over })
  for (const by of many(hopsMax)) {
    message = passedOn(message, by)
    expect(decodeMessage(encodeMessage(message))).toEqual(message)
  }
  expect(message.hopsLeft).toBe(0)
})
