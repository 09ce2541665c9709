import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../bencode/bencode.js'
import { isMalformed } from '../bencode/malformed.js'
import { encodeUtf8 } from '../bencode/utf8.js'
import { goldenLetter, goldenLetterBodies } from '../fixtures/golden-messages.js'
import { key } from '../fixtures/visible-key.js'
import { type ExchangeKey, exchangeKeyBytes, sealBytes } from '../keys/cipher-suite.js'
import { publicKey, publicKeyBytes, signature, signatureBytes } from '../keys/public-key.js'
import { type LetterBody, mailBytesMax, partBytesMax } from './letter.js'
import { decodeLetter, encodeLetter, letterBodyField, letterSignedBytes, type SealedLetter } from './letter-codec.js'
import { candidatesBytesMax, descriptionBytesMax, introductionLetterBytesMax, messageBytesMax } from './wire-bounds.js'

const nonce = 'a0'.repeat(16)
const exchangeKey = new Uint8Array(exchangeKeyBytes).fill(3) as ExchangeKey
const sealed = (body: LetterBody): SealedLetter => ({
  from: publicKey(new Uint8Array(publicKeyBytes).fill(1)),
  to: key('0b1'),
  body,
  signature: signature(new Uint8Array(signatureBytes).fill(2)),
})
const knock = sealed({ type: 'knock', nonce, key: exchangeKey, writtenUnixS: 1_700_000_000, why: 'app' })

const bytesUpTo = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength })
const anyNonce = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytesToHex)
const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes as ExchangeKey)
const anyMailId = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytesToHex)
const type = <const Name extends string>(name: Name) => fc.constant(name)
const nonces = { nonce: anyNonce, offerNonce: anyNonce }
const anyBody: fc.Arbitrary<LetterBody> = fc.oneof(
  fc.record({
    type: type('knock'),
    nonce: anyNonce,
    key: anyKey,
    writtenUnixS: fc.nat(),
    why: fc.constantFrom('sibling', 'bucket', 'app'),
  }),
  fc.record({ type: type('offer'), ...nonces, key: anyKey, sealed: bytesUpTo(100, sealBytes + 1) }),
  fc.record({ type: fc.constantFrom('answer', 'candidates'), ...nonces, sealed: bytesUpTo(100, sealBytes + 1) }),
  fc.record({ type: type('refusal'), nonce: anyNonce, reason: fc.constantFrom('full', 'busy'), retryAfterS: fc.nat(86_400) }),
  fc.record({ type: type('greeting'), writtenUnixS: fc.nat(), message: bytesUpTo(32, 32) }),
  fc.record({ type: type('greeted'), session: anyNonce, message: bytesUpTo(48, 48) }),
  fc.record({ type: type('mail'), mailId: anyMailId, writtenUnixS: fc.nat(), data: bytesUpTo(60) }),
  fc.record({ type: type('received'), mailId: anyMailId }),
  fc.record({ type: fc.constantFrom('open', 'opened', 'probe', 'close'), channel: anyNonce }),
  fc.record({ type: type('part'), channel: anyNonce, seq: fc.nat(), last: fc.boolean(), data: bytesUpTo(60) }),
  fc.record({ type: type('progress'), channel: anyNonce, next: fc.nat(), limit: fc.nat() }),
)

describe('what is said in letters', () => {
  it.each(goldenLetterBodies.map(([body, hex]) => [body.type, body, hex] as const))('%s: these bytes, for ever', (_, body, hex) => {
    expect(bytesToHex(encode(letterBodyField.write(body)))).toBe(hex)
    expect(letterBodyField.read(decode(hexToBytes(hex)))).toEqual(body)
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        expect(decodeLetter(encodeLetter(sealed(body)))).toEqual(sealed(body))
      }),
    )
  })

  it.each<[string, LetterBody]>([
    ['a short nonce', { type: 'knock', nonce: 'a0'.repeat(15), key: exchangeKey, writtenUnixS: 1_700_000_000, why: 'app' }],
    [
      'a knock without a whole key',
      { type: 'knock', nonce, key: exchangeKey.subarray(1) as ExchangeKey, writtenUnixS: 1_700_000_000, why: 'app' },
    ],
    ['a knock from before 1970', { type: 'knock', nonce, key: exchangeKey, writtenUnixS: -1, why: 'app' }],
    ['an empty description', { type: 'offer', nonce, offerNonce: nonce, key: exchangeKey, sealed: new Uint8Array(sealBytes) }],
    ['a long description', { type: 'answer', nonce, offerNonce: nonce, sealed: new Uint8Array(sealBytes + descriptionBytesMax + 1) }],
    ['many candidates', { type: 'candidates', nonce, offerNonce: nonce, sealed: new Uint8Array(sealBytes + candidatesBytesMax + 1) }],
    ['a refusal for longer than a day', { type: 'refusal', nonce, reason: 'busy', retryAfterS: 86_401 }],
    ['a greeting without a whole key', { type: 'greeting', writtenUnixS: 0, message: new Uint8Array(31) }],
    ['a greeting with more than a key', { type: 'greeting', writtenUnixS: 0, message: new Uint8Array(33) }],
    ['an answer to a greeting that proves nothing', { type: 'greeted', session: nonce, message: new Uint8Array(32) }],
    ['a long mail', { type: 'mail', mailId: '00'.repeat(8), writtenUnixS: 0, data: new Uint8Array(mailBytesMax + 1) }],
    ['a mail from before 1970', { type: 'mail', mailId: '00'.repeat(8), writtenUnixS: -1, data: new Uint8Array(0) }],
    ['a long part', { type: 'part', channel: nonce, seq: 0, last: true, data: new Uint8Array(partBytesMax + 1) }],
    ['a part below zero', { type: 'part', channel: nonce, seq: -1, last: true, data: new Uint8Array(0) }],
    ['progress past all parts', { type: 'progress', channel: nonce, next: 2 ** 41, limit: 0 }],
  ])('refuses %s', (_, body) => expect(isMalformed(decodeLetter(encodeLetter(sealed(body))))).toBe(true))

  it('refuses a reason that nobody knows', () => {
    const body = letterBodyField.write(knock.body) as ReadonlyMap<string, Uint8Array>
    expect(isMalformed(letterBodyField.read(new Map(body).set('w', encodeUtf8('friend'))))).toBe(true)
  })
})

describe('a letter', () => {
  it('has these bytes, for ever', () => {
    expect(bytesToHex(encodeLetter(knock))).toBe(goldenLetter)
    expect(decodeLetter(hexToBytes(goldenLetter))).toEqual(knock)
  })

  it('is signed over its domain, writer, reader and body', () => {
    const { from, to, body } = knock
    const unsigned = encode(
      new Map([
        ['b', letterBodyField.write(body)],
        ['f', from],
        ['t', to.toBytes()],
      ]),
    )
    expect(letterSignedBytes(knock)).toEqual(Uint8Array.from([...encodeUtf8('hashtab letter 1:'), ...unsigned]))
  })

  it.each<[string, Partial<SealedLetter>]>([
    ['writer', { from: publicKey(new Uint8Array(publicKeyBytes).fill(9)) }],
    ['reader', { to: key('0b11') }],
    ['body', { body: { type: 'knock', nonce, key: exchangeKey, writtenUnixS: 1_700_000_000, why: 'bucket' } }],
  ])('of another %s is signed otherwise', (_, other) =>
    expect(letterSignedBytes({ ...knock, ...other })).not.toEqual(letterSignedBytes(knock)),
  )

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(isMalformed(decodeLetter(bytes))).toBe(true)
      }),
    )
  })

  it('with one byte changed is malformed, or another letter of the same bytes', () => {
    fc.assert(
      fc.property(anyBody, fc.nat(), fc.nat(255), (body, place, byte) => {
        const bytes = encodeLetter(sealed(body))
        bytes[place % bytes.length] = byte
        const letter = decodeLetter(bytes)
        if (!isMalformed(letter)) expect(encodeLetter(letter)).toEqual(bytes)
      }),
      { numRuns: 1_000 },
    )
  })

  it('that introduces fits what a meeting point carries, and any fits a message', () => {
    const offer: LetterBody = {
      type: 'offer',
      nonce,
      offerNonce: nonce,
      key: exchangeKey,
      sealed: new Uint8Array(sealBytes + descriptionBytesMax),
    }
    expect(encodeLetter(sealed(offer)).length).toBeLessThan(introductionLetterBytesMax)
    const part: LetterBody = { type: 'part', channel: nonce, seq: 2 ** 40, last: true, data: new Uint8Array(partBytesMax) }
    expect(encodeLetter(sealed(part)).length).toBeLessThan(messageBytesMax / 2)
  })
})
