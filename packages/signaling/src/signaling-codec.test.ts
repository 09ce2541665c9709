import { encode, encodeUtf8, introductionLetterBytesMax, isMalformed, Key, publicKey, signature, type BencodeValue } from '@hashtab/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytesToProve,
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeServerMessage,
  iceServersMax,
  peersMax,
  type ServerMessage,
  signalingMessageBytesMax,
} from './protocol.js'

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)
const peer = (byte: number) => publicKey(filled(32, byte))
const printed = (bytes: Uint8Array) => Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')

const fromServer: readonly (readonly [string, ServerMessage])[] = [
  [`d5:nonce32:${'n'.repeat(32)}4:type9:challengee`, { type: 'challenge', nonce: filled(32, 0x6e) }],
  ['d3:icele5:peersle4:type7:welcomee', { type: 'welcome', peers: [], iceServers: [] }],
  [
    `d3:iceld4:pass1:p4:urlsl12:turn:t.org:1e4:user1:uee5:peersl32:${'a'.repeat(32)}e4:type7:welcomee`,
    { type: 'welcome', peers: [peer(0x61)], iceServers: [{ urls: ['turn:t.org:1'], username: 'u', credential: 'p' }] },
  ],
  [`d5:peersl32:${'a'.repeat(32)}32:${'b'.repeat(32)}e4:type5:peerse`, { type: 'peers', peers: [peer(0x61), peer(0x62)] }],
  ['d6:letter3:aaa4:type6:lettere', { type: 'letter', letter: filled(3, 0x61) }],
  ['d4:type4:ponge', { type: 'pong' }],
  ['d4:type4:reste', { type: 'rest' }],
  ['d5:counti3e4:type4:drawe', { type: 'draw', count: 3 }],
  ['d4:code5:proof7:message3:No.4:type6:refusee', { type: 'refuse', code: 'proof', message: 'No.' }],
]

const fromClient: readonly (readonly [string, ClientMessage])[] = [
  [
    `d3:key32:${'k'.repeat(32)}7:network3:app3:sig64:${'s'.repeat(64)}4:type5:provee`,
    { type: 'prove', network: 'app', publicKey: peer(0x6b), signature: signature(filled(64, 0x73)) },
  ],
  [`d6:letter2:aa2:to20:${'t'.repeat(20)}4:type5:carrye`, { type: 'carry', to: Key.fromBytes(filled(20, 0x74)), letter: filled(2, 0x61) }],
  ['d4:type4:pinge', { type: 'ping' }],
]

describe('the signalling codec', () => {
  it.each(fromServer)('a server says %s', (wire, message) => {
    expect(printed(encodeServerMessage(message))).toBe(wire)
    expect(decodeServerMessage(encodeUtf8(wire))).toEqual(message)
    expect(isMalformed(decodeClientMessage(encodeUtf8(wire)))).toBe(true)
  })

  it.each(fromClient)('a client says %s', (wire, message) => {
    expect(printed(encodeClientMessage(message))).toBe(wire)
    expect(decodeClientMessage(encodeUtf8(wire))).toEqual(message)
    expect(isMalformed(decodeServerMessage(encodeUtf8(wire)))).toBe(true)
  })

  const welcomeWith = (...iceServers: BencodeValue[]) =>
    encode(
      new Map<string, BencodeValue>([
        ['type', encodeUtf8('welcome')],
        ['peers', []],
        ['ice', iceServers],
      ]),
    )
  const ice = (...urls: string[]) => new Map<string, BencodeValue>([['urls', urls.map(encodeUtf8)]])

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no bencode', encodeUtf8('hello')],
    ['a list', encodeUtf8('le')],
    ['no type', encodeUtf8('de')],
    ['an unknown type', encodeUtf8('d4:type4:rootee')],
    ['a field too many', encodeUtf8('d1:ai1e4:type4:ponge')],
    ['bytes after the end', encodeUtf8('d4:type4:pongee')],
    ['a short nonce', encodeUtf8('d5:nonce2:nn4:type9:challengee')],
    ['an empty letter', encodeUtf8('d6:letter0:4:type6:lettere')],
    ['a letter too long', encodeServerMessage({ type: 'letter', letter: new Uint8Array(introductionLetterBytesMax + 1) })],
    ['a key of 31 bytes', encodeUtf8(`d5:peersl31:${'a'.repeat(31)}e4:type5:peerse`)],
    ['too many peers', encodeServerMessage({ type: 'peers', peers: Array.from({ length: peersMax + 1 }, (_, i) => peer(i)) })],
    ['a draw of none', encodeUtf8('d5:counti0e4:type4:drawe')],
    ['a draw of too many', encodeUtf8('d5:counti65e4:type4:drawe')],
    ['an unknown refusal', encodeUtf8('d4:code4:mood7:message2:No4:type6:refusee')],
    ['a message too long', new Uint8Array(signalingMessageBytesMax + 1)],
    ['ICE servers in dictionaries of dictionaries', welcomeWith(new Map([['urls', new Map([['a', []]])]]))],
    ['an ICE server without an address', welcomeWith(ice())],
    ['an ICE server that is a page', welcomeWith(ice('https://example.org'))],
    ['an ICE server with a space in it', welcomeWith(ice('stun:a b'))],
    ['an ICE server at port 0', welcomeWith(ice('stun:a.org:0'))],
    ['an ICE server at a port that is none', welcomeWith(ice('stun:a.org:99999'))],
    ['an ICE server with an IPv6 address at a port that is none', welcomeWith(ice('stun:[2001:db8::1]:65536'))],
    ['a TURN server without credentials', welcomeWith(ice('stun:a.org', 'turn:a.org'))],
    ['too many ICE servers', welcomeWith(...Array.from({ length: iceServersMax + 1 }, () => ice('stun:a.org')))],
    ['an ICE server of too many addresses', welcomeWith(ice(...Array.from({ length: 7 }, () => 'stun:a.org')))],
  ])('refuses %s from a server', (_, bytes) => {
    expect(decodeServerMessage(bytes)).toEqual({ malformed: expect.any(String) as string })
  })

  it.each<[string, Uint8Array]>([
    [
      'a network without a name',
      encodeClientMessage({ type: 'prove', network: '', publicKey: peer(1), signature: signature(filled(64, 1)) }),
    ],
    [
      'a network whose name is too long',
      encodeClientMessage({ type: 'prove', network: 'é'.repeat(129), publicKey: peer(1), signature: signature(filled(64, 1)) }),
    ],
    [
      'a network whose name is not UTF-8',
      encode(
        new Map([
          ['type', encodeUtf8('prove')],
          ['network', filled(2, 0xff)],
          ['key', peer(1)],
          ['sig', filled(64, 1)],
        ]),
      ),
    ],
    ['a letter to 19 bytes', encodeUtf8(`d6:letter2:aa2:to19:${'t'.repeat(19)}4:type5:carrye`)],
    ['no letter', encodeUtf8(`d2:to20:${'t'.repeat(20)}4:type5:carrye`)],
  ])('refuses %s from a client', (_, bytes) => {
    expect(decodeClientMessage(bytes)).toEqual({ malformed: expect.any(String) as string })
  })

  it('answers any bytes, and what it accepts has no other form', () => {
    const wires = [...fromServer, ...fromClient].map(([wire]) => encodeUtf8(wire))
    const damaged = fc
      .tuple(fc.constantFrom(...wires), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([wire, at, byte]) => wire.with(at % wire.length, byte))
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        const [said, asked] = [decodeServerMessage(bytes), decodeClientMessage(bytes)]
        if (!isMalformed(said)) expect(encodeServerMessage(said)).toEqual(bytes)
        if (!isMalformed(asked)) expect(encodeClientMessage(asked)).toEqual(bytes)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('bytesToProve', () => {
  it('names its purpose, the network and the nonce', () => {
    expect(printed(bytesToProve('app', filled(32, 0x6e)))).toBe(`l19:hashtab signaling 13:app32:${'n'.repeat(32)}e`)
  })
})
