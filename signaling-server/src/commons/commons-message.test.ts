import { encodeUtf8, introductionLetterBytesMax, isMalformed, publicKey } from '@hashtab/core'
import { peersMax } from '@hashtab/signaling/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommonsMessage, commonsMessageBytesMax, decodeCommonsMessage, encodeCommonsMessage } from './commons-message.js'

const peer = publicKey(new Uint8Array(32).fill(0x61))
const messages: readonly (readonly [string, CommonsMessage])[] = [
  ['d6:letter2:aa4:type6:lettere', { type: 'letter', letter: encodeUtf8('aa') }],
  [`d5:peersl32:${'a'.repeat(32)}e4:type5:peerse`, { type: 'peers', peers: [peer] }],
  ['d2:ati1700000000000e6:server8:aaaaaaaa4:type4:camee', { type: 'came', server: '61'.repeat(8), atMs: 1_700_000_000_000 }],
]

describe('what servers say to each other', () => {
  it.each(messages)('is %s', (wire, message) => {
    expect(new TextDecoder().decode(encodeCommonsMessage(message))).toBe(wire)
    expect(decodeCommonsMessage(encodeUtf8(wire))).toEqual(message)
  })

  it('has room for the longest letter, and for all that are named', () => {
    for (const message of [
      { type: 'letter', letter: new Uint8Array(introductionLetterBytesMax) },
      { type: 'peers', peers: Array.from({ length: peersMax }, () => peer) },
    ] as const) {
      expect(decodeCommonsMessage(encodeCommonsMessage(message))).toEqual(message)
    }
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no bencode', encodeUtf8('hello')],
    ['an unknown type', encodeUtf8('d4:type4:kicke')],
    ['a field too many', encodeUtf8('d1:ai1e6:letter2:aa4:type6:lettere')],
    ['an empty letter', encodeUtf8('d6:letter0:4:type6:lettere')],
    ['a letter too long', encodeCommonsMessage({ type: 'letter', letter: new Uint8Array(introductionLetterBytesMax + 1) })],
    ['too many peers', encodeCommonsMessage({ type: 'peers', peers: Array.from({ length: peersMax + 1 }, () => peer) })],
    ['a key of 31 bytes', encodeUtf8(`d5:peersl31:${'a'.repeat(31)}e4:type5:peerse`)],
    ['a time before all time', encodeUtf8('d2:ati-1e6:server8:aaaaaaaa4:type4:camee')],
    ['a time after all time', encodeUtf8('d2:ati281474976710657e6:server8:aaaaaaaa4:type4:camee')],
    ['the name of no server', encodeUtf8('d2:ati1e6:server7:aaaaaaa4:type4:camee')],
    ['a message too long', new Uint8Array(commonsMessageBytesMax + 1)],
  ])('is not %s', (_, received) => {
    expect(decodeCommonsMessage(received)).toEqual({ malformed: expect.any(String) as string })
  })

  it('is read from any bytes without a throw, and has no other form', () => {
    const damaged = fc
      .tuple(fc.constantFrom(...messages.map(([wire]) => encodeUtf8(wire))), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([wire, at, byte]) => wire.with(at % wire.length, byte))
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (received) => {
        const message = decodeCommonsMessage(received)
        if (!isMalformed(message)) expect(encodeCommonsMessage(message)).toEqual(received)
      }),
      { numRuns: 2_000 },
    )
  })
})
