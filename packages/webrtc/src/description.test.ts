import { candidatesBytesMax, descriptionBytesMax, isMalformed } from '@hashtab/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candidate, candidatesMax } from './candidate.js'
import { decodeCandidates, decodeDescription, type Description, encodeCandidates, encodeDescription } from './description.js'
import { isUnicast, printIpAddress } from './ip-address.js'
import { readSdp, writeSdp } from './sdp.js'

const address = fc.oneof(
  ...[4, 16].map((length) => fc.uint8Array({ minLength: length, maxLength: length }).filter(isUnicast).map(printIpAddress)),
  fc.uuid().map((uuid) => `${uuid}.local`),
)
const candidate: fc.Arbitrary<Candidate> = fc.record({
  address,
  port: fc.integer({ min: 1_024, max: 65_535 }),
  priority: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  type: fc.constantFrom('host', 'srflx', 'prflx', 'relay'),
})
const iceText = (minLength: number, maxLength: number) =>
  fc.string({
    unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('')),
    minLength,
    maxLength,
  })
const description: fc.Arbitrary<Description> = fc.record({
  candidates: fc.array(candidate, { maxLength: candidatesMax }),
  fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  pwd: iceText(22, 64),
  setup: fc.constantFrom('actpass', 'active', 'passive'),
  ufrag: iceText(4, 32),
})

const longest: Candidate = {
  address: `${'a'.repeat(8)}-aaaa-aaaa-aaaa-${'a'.repeat(12)}.local`,
  port: 65_535,
  priority: 2 ** 31 - 1,
  type: 'srflx',
}
const example: Description = {
  candidates: [longest],
  fingerprint: new Uint8Array(32),
  pwd: 'p'.repeat(22),
  setup: 'actpass',
  ufrag: 'user',
}

describe('a description', () => {
  it('comes back from its bytes as it was, in no more than the bytes allowed', () => {
    fc.assert(
      fc.property(description, (value) => {
        const bytes = encodeDescription(value)
        expect(bytes.length).toBeLessThanOrEqual(descriptionBytesMax)
        expect(decodeDescription(bytes)).toEqual(value)
      }),
    )
  })

  it('comes back from its SDP as it was, an offer as one of the client', () => {
    fc.assert(
      fc.property(description, ({ candidates, ...value }) => {
        const setup = value.setup === 'actpass' ? 'active' : value.setup
        expect(readSdp(writeSdp({ ...value, candidates }))).toEqual({ ...value, setup })
      }),
    )
  })

  it('makes an SDP of known lines only, whatever is in it', () => {
    const line =
      /^(v=0|o=- 1 1 IN IP4 0\.0\.0\.0|s=-|t=0 0|c=IN IP4 0\.0\.0\.0|m=application 9 UDP\/DTLS\/SCTP webrtc-datachannel|a=(group|mid|ice-ufrag|ice-pwd|ice-options|fingerprint|setup|sctp-port|max-message-size|candidate):[\w .:/+-]+)$/
    fc.assert(
      fc.property(description, (value) => {
        const lines = writeSdp(value).split('\r\n')
        expect(lines.pop()).toBe('')
        expect(lines.length).toBe(15 + value.candidates.length)
        for (const each of lines) expect(each).toMatch(line)
      }),
    )
  })

  it('fits with everything at its longest', () => {
    const bytes = encodeDescription({
      ...example,
      candidates: new Array<Candidate>(candidatesMax).fill(longest),
      pwd: 'p'.repeat(64),
      ufrag: 'u'.repeat(32),
      setup: 'passive',
    })
    expect(bytes.length).toBeLessThanOrEqual(descriptionBytesMax)
    expect(isMalformed(decodeDescription(bytes))).toBe(false)
  })

  it.each<[string, Partial<Description>]>([
    ['a line break in ufrag', { ufrag: 'user\r\na=x' }],
    ['a short ufrag', { ufrag: 'use' }],
    ['a long ufrag', { ufrag: 'u'.repeat(33) }],
    ['a short pwd', { pwd: 'p'.repeat(21) }],
    ['a long pwd', { pwd: 'p'.repeat(65) }],
    ['a blank in pwd', { pwd: `${'p'.repeat(22)} ` }],
    ['a short fingerprint', { fingerprint: new Uint8Array(31) }],
    ['an unknown role', { setup: 'holdconn' as 'active' }],
    ['nine candidates', { candidates: new Array<Candidate>(candidatesMax + 1).fill(longest) }],
  ])('is refused with %s', (_name, change) => {
    expect(isMalformed(decodeDescription(encodeDescription({ ...example, ...change })))).toBe(true)
  })

  it('is refused, and nothing is thrown, for any other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(isMalformed(decodeDescription(bytes))).toBe(true)
      }),
    )
  })

  it('never means two things: bytes that are changed are refused, or encode to themselves', () => {
    fc.assert(
      fc.property(description, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, change) => {
        const bytes = encodeDescription(value)
        bytes[place % bytes.length]! ^= change
        const read = decodeDescription(bytes)
        if (!isMalformed(read)) expect(encodeDescription(read)).toEqual(bytes)
      }),
    )
  })
})

describe('a late batch of candidates', () => {
  it('comes back from its bytes as it was, in no more than the bytes allowed', () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: candidatesMax }), (value) => {
        const bytes = encodeCandidates(value)
        expect(bytes.length).toBeLessThanOrEqual(candidatesBytesMax)
        expect(decodeCandidates(bytes)).toEqual(value)
      }),
    )
    expect(encodeCandidates(new Array<Candidate>(candidatesMax).fill(longest)).length).toBeLessThanOrEqual(candidatesBytesMax)
  })

  it('is refused when it is empty, too long or anything else', () => {
    expect(isMalformed(decodeCandidates(encodeCandidates([])))).toBe(true)
    expect(isMalformed(decodeCandidates(encodeCandidates(new Array<Candidate>(candidatesMax + 1).fill(longest))))).toBe(true)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(isMalformed(decodeCandidates(bytes))).toBe(true)
      }),
    )
  })
})
