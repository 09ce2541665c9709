import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { key } from '../fixtures/visible-key.js'
import { cipherNonce, type CipherKey, type CipherSuite, exchangeKeyBytes, type ExchangeSecret, tagBytes } from '../keys/cipher-suite.js'
import { answerGreeting, Handshake, hearGreeting, prologueOf, type SessionKeys } from './handshake.js'

const nothing: Uint8Array = new Uint8Array(0)
const secret = (hex: string) => hexToBytes(hex) as ExchangeSecret
const ours = secret('893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a')
const theirs = secret('bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b')
const [one, other, third] = [key('0b1'), key('0b01'), key('0b001')]
const prologue = prologueOf(one, other)

function heard(message: Uint8Array, saying = prologue, suite: CipherSuite = cipherSuite) {
  const greeting = hearGreeting(suite, saying, message)
  if (!greeting) throw new Error('Not heard')
  return greeting
}

/** A whole handshake of these two secrets. */
function handshake(payloads: readonly Uint8Array[] = [nothing, nothing], saying: Uint8Array = prologue) {
  const greeting = new Handshake(cipherSuite, saying, ours, payloads[0])
  const answer = answerGreeting(cipherSuite, heard(greeting.message, saying), theirs, payloads[1])!
  return { greeting, answer, finished: greeting.finish(answer.message) }
}

const writes = (keys: SessionKeys, counter: number, plain: Uint8Array) =>
  bytesToHex(cipherSuite.encrypt(keys.sending, cipherNonce(counter), nothing, plain))

/**
 * The published vector for Noise_NN_25519_ChaChaPoly_SHA256 of cacophony, the Haskell implementation (vectors/cacophony.txt of
 * haskell-cryptography/cacophony), which noise-c and snow test themselves against, too. The secrets above are its ephemeral keys.
 */
const published = {
  prologue: hexToBytes('4a6f686e2047616c74'),
  messages: [
    [
      '4c756477696720766f6e204d69736573',
      'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573',
    ],
    [
      '4d757272617920526f746862617264',
      '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843a0ff96bdf86b579ef7dbf94e812a7470b903c20a85a87e3a1fe863264ae547',
    ],
    ['462e20412e20486179656b', 'eb1a3e3d80c1792b1bb9cb0e1382f8d8322bfb1ca7c4c8517bb686'],
    ['4361726c204d656e676572', 'c781b198d2a974eb1da2c7d518c000cf6396de87ca540963c03713'],
    ['4a65616e2d426170746973746520536179', 'c77048eb6919fdfe8fe45842bfc5b8d1ff50d1e20c717453ccdfe6176d805b996d'],
    ['457567656e2042f6686d20766f6e2042617765726b', '61834d7069dcfb7a1adf8d5ac910f83fa04c73a67789895c6f5f995c5db2ce88e49b124178'],
  ] as const,
}

/** What two peers say with the secrets above; then one byte of 1 under each key. */
const golden = {
  prologue: '686173687461622073657373696f6e20313a80000000000000000000000000000000000000004000000000000000000000000000000000000000',
  greeting: 'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944',
  answer: '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843044df9fc9a6728245883c0f30bbc2f78',
  session: '558070f00c29a62becbb95f9a938c1f8',
  fromUs: 'ac78e7fbaa0075d96d7d046fed862e993f',
  fromThem: '8564ceefa34ee1dc422447eeee076ea6eb',
}

describe('a handshake', () => {
  it('is Noise_NN_25519_ChaChaPoly_SHA256, byte for byte', () => {
    const [first, second, ...later] = published.messages
    const { greeting, answer, finished } = handshake([hexToBytes(first[0]), hexToBytes(second[0])], published.prologue)
    expect(bytesToHex(greeting.message)).toBe(first[1])
    expect(bytesToHex(heard(greeting.message, published.prologue).payload)).toBe(first[0])
    expect(bytesToHex(answer.message)).toBe(second[1])
    expect(bytesToHex(finished!.payload)).toBe(second[0])
    later.forEach(([plain, sealed], i) => {
      const keys = i % 2 === 0 ? finished!.keys : answer.keys
      expect(writes(keys, Math.floor(i / 2), hexToBytes(plain))).toBe(sealed)
    })
  })

  it('between two peers has these bytes, for ever', () => {
    const { greeting, answer, finished } = handshake()
    expect(bytesToHex(prologue)).toBe(golden.prologue)
    expect(bytesToHex(greeting.message)).toBe(golden.greeting)
    expect(bytesToHex(answer.message)).toBe(golden.answer)
    expect(greeting.session).toBe(golden.session)
    expect(writes(finished!.keys, 0, Uint8Array.of(1))).toBe(golden.fromUs)
    expect(writes(answer.keys, 0, Uint8Array.of(1))).toBe(golden.fromThem)
  })

  it('leads both ends to the same two keys, one each way, under one name', () => {
    const { greeting, answer, finished } = handshake()
    expect(finished!.keys).toEqual({ sending: answer.keys.receiving, receiving: answer.keys.sending })
    expect(finished!.keys.sending).not.toEqual(finished!.keys.receiving)
    expect(heard(greeting.message).session).toBe(greeting.session)
    expect(greeting.message.length).toBe(exchangeKeyBytes)
    expect(answer.message.length).toBe(exchangeKeyBytes + tagBytes)
  })

  it.each([
    ['greeted by another', prologueOf(third, other)],
    ['meant for another', prologueOf(one, third)],
    ['meant the other way round', prologueOf(other, one)],
  ])('comes to nothing when it was %s', (_, saying) => {
    const greeting = new Handshake(cipherSuite, prologue, ours)
    const misled = heard(greeting.message, saying)
    expect(misled.session).not.toBe(greeting.session)
    expect(greeting.finish(answerGreeting(cipherSuite, misled, theirs)!.message)).toBeUndefined()
  })

  it('comes to nothing when one bit of the greeting or of the answer was flipped on its way', () => {
    for (let bit = 3; bit < 8 * exchangeKeyBytes; bit += 7) {
      const greeting = new Handshake(cipherSuite, prologue, ours)
      const answered = answerGreeting(cipherSuite, heard(flipped(greeting.message, bit)), theirs)
      if (answered) expect([bit, greeting.finish(answered.message)]).toEqual([bit, undefined])
    }
    for (let bit = 0; bit < 8 * (exchangeKeyBytes + tagBytes); bit += 7) {
      const greeting = new Handshake(cipherSuite, prologue, ours)
      const { message } = answerGreeting(cipherSuite, heard(greeting.message), theirs)!
      expect([bit, greeting.finish(flipped(message, bit))]).toEqual([bit, undefined])
    }
  })

  it('makes other keys with every secret', () => {
    const again = new Handshake(cipherSuite, prologue, ours)
    const answer = answerGreeting(cipherSuite, heard(again.message), ours)!
    expect(again.finish(answer.message)!.keys.sending).not.toEqual(handshake().finished!.keys.sending)
  })

  it('refuses a key of small order, with which anybody would know what comes of it', () => {
    const zero = new Uint8Array(exchangeKeyBytes)
    expect(answerGreeting(cipherSuite, heard(zero), theirs)).toBeUndefined()
    expect(new Handshake(cipherSuite, prologue, ours).finish(new Uint8Array(exchangeKeyBytes + tagBytes))).toBeUndefined()
  })

  it('refuses what is too short', () => {
    expect(hearGreeting(cipherSuite, prologue, new Uint8Array(exchangeKeyBytes - 1))).toBeUndefined()
    for (const length of [0, exchangeKeyBytes - 1, exchangeKeyBytes, exchangeKeyBytes + tagBytes - 1])
      expect(new Handshake(cipherSuite, prologue, ours).finish(new Uint8Array(length).fill(9))).toBeUndefined()
  })
})

describe('a nonce', () => {
  it('is four zero bytes and the counter, little-endian', () => {
    expect(bytesToHex(cipherNonce(0x0102030405))).toBe('000000000504030201000000')
  })

  it('of another counter opens nothing', () => {
    const cipherKey = new Uint8Array(32).fill(1) as CipherKey
    const sealed = cipherSuite.encrypt(cipherKey, cipherNonce(1), nothing, Uint8Array.of(1))
    expect(cipherSuite.decrypt(cipherKey, cipherNonce(1), nothing, sealed)).toEqual(Uint8Array.of(1))
    expect(cipherSuite.decrypt(cipherKey, cipherNonce(2), nothing, sealed)).toBeUndefined()
  })
})

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}
