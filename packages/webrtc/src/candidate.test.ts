import { isMalformed } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { type Candidate, candidateField, parseCandidate, printCandidate } from './candidate.js'
import { chromiumSdp, firefoxSdp } from './fixtures/browser-sdp.js'

describe('parseCandidate', () => {
  it('reads what browsers tell, but for TCP and the end of candidates', () => {
    expect(chromiumSdp.candidates.map(parseCandidate)).toEqual([
      { address: '852cf134-91c4-4366-b383-627e20b2bbf4.local', port: 40_511, priority: 2_113_937_151, type: 'host' },
      { address: 'e4a6c70e-e8f2-4cb7-94ec-e99f2d85a658.local', port: 39_915, priority: 2_113_942_271, type: 'host' },
    ])
    expect(firefoxSdp.candidates.map(parseCandidate).map((candidate) => candidate?.port)).toEqual([
      35_129,
      39_153,
      undefined,
      undefined,
      undefined,
    ])
  })

  it.each<[string, Partial<Candidate> | undefined]>([
    ['candidate:1 1 udp 5 192.0.2.1 5000 typ host', { address: '192.0.2.1', type: 'host' }],
    ['a=candidate:2 1 UDP 2116026111 fd00::2 35835 typ host', { address: 'fd00:0:0:0:0:0:0:2', port: 35_835 }],
    ['candidate:1 1 udp 5 2001:DB8::9 5000 typ relay raddr 10.0.0.1 rport 9', { address: '2001:db8:0:0:0:0:0:9', type: 'relay' }],
    ['candidate:1 1 udp 5 192.0.2.1 5000 typ prflx raddr 10.0.0.1 rport 9', { type: 'prflx' }],
    ['candidate:1 2 udp 5 192.0.2.1 5000 typ host', undefined],
    ['candidate:1 1 tcp 5 192.0.2.1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 192.0.2.1 1023 typ host', undefined],
    ['candidate:1 1 udp 5 192.0.2.1 65536 typ host', undefined],
    ['candidate:1 1 udp 0 192.0.2.1 5000 typ host', undefined],
    ['candidate:1 1 udp 2147483648 192.0.2.1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 192.0.2.1 5000 typ other', undefined],
    ['candidate:1 1 udp 5 0.0.0.0 5000 typ host', undefined],
    ['candidate:1 1 udp 5 239.0.0.1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 255.255.255.255 5000 typ host', undefined],
    ['candidate:1 1 udp 5 169.254.1.1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 fe80::1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 :: 5000 typ host', undefined],
    ['candidate:1 1 udp 5 ff02::1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 ::ffff:239.0.0.1 5000 typ host', undefined],
    ['candidate:1 1 udp 5 fe80::1%eth0 5000 typ host', undefined],
    ['candidate:1 1 udp 5 example.org 5000 typ host', undefined],
    ['candidate:1 1 udp 5 printer.local 5000 typ host', undefined],
    ['', undefined],
  ])('%s', (text, wanted) => {
    if (wanted === undefined) expect(parseCandidate(text)).toBeUndefined()
    else expect(parseCandidate(text)).toMatchObject(wanted)
  })
})

describe('printCandidate', () => {
  it.each([
    ['candidate:5 1 udp 5 192.0.2.1 5000 typ host'],
    ['candidate:5 1 udp 5 192.0.2.1 5000 typ srflx raddr 0.0.0.0 rport 9'],
    ['candidate:5 1 udp 5 2001:db8:0:0:0:0:0:9 5000 typ relay raddr :: rport 9'],
  ])('%s', (text) => {
    expect(printCandidate(parseCandidate(text)!)).toBe(text)
  })
})

describe('candidateField', () => {
  const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
  const entries = { a: Uint8Array.of(192, 0, 2, 1), o: 5_000, p: 5, t: bytesOf('host') }

  it('reads a candidate', () => {
    expect(candidateField.read(new Map(Object.entries(entries)))).toEqual({ address: '192.0.2.1', port: 5_000, priority: 5, type: 'host' })
  })

  it.each<[string, object]>([
    ['a line break in an mDNS name', { a: bytesOf('852cf134-91c4-4366-b383-627e20b2bbf4\r\nlocl') }],
    ['capitals in an mDNS name', { a: bytesOf('852CF134-91c4-4366-b383-627e20b2bbf4.local') }],
    ['another name', { a: bytesOf('a'.repeat(36) + '.local') }],
    ['multicast', { a: Uint8Array.of(224, 0, 0, 1) }],
    ['link-local', { a: Uint8Array.of(169, 254, 1, 1) }],
    ['link-local of IPv6', { a: Uint8Array.of(0xfe, 0x80, ...new Uint8Array(13), 1) }],
    ['an address of 5 bytes', { a: new Uint8Array(5).fill(1) }],
    ['a low port', { o: 53 }],
    ['an unknown type', { t: bytesOf('hoax') }],
    ['an entry too many', { x: 1 }],
  ])('refuses %s', (_name, change) => {
    expect(isMalformed(candidateField.read(new Map(Object.entries({ ...entries, ...change }))))).toBe(true)
  })
})
