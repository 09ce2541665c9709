import { describe, expect, it } from 'vitest'
import { parseCandidate } from './candidate.js'
import { chromiumSdp, firefoxSdp } from './fixtures/browser-sdp.js'
import { readSdp, writeSdp } from './sdp.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('readSdp', () => {
  it.each([
    ['Chromium offer', chromiumSdp.offer, 'mypi', 'kTwV9pCJ0WEqNuUoM094cSXH', 'actpass', '24ce6648'],
    ['Chromium answer', chromiumSdp.answer, 'Zrh4', 'cqW8S+J+gFmabeAjlBy5Y13c', 'active', 'ab72db1a'],
    ['Firefox offer', firefoxSdp.offer, '2426e0aa', 'f8bc0ee421a5dc2ab1a24c03a150a476', 'actpass', 'ef89cd16'],
    ['Firefox answer', firefoxSdp.answer, 'aebd6cb6', '662f8791787289ba82458dfa7464fe57', 'active', '61fff9a7'],
  ])('reads a %s', (_name, sdp, ufrag, pwd, setup, fingerprint) => {
    const read = readSdp(sdp)
    expect(read).toMatchObject({ ufrag, pwd, setup })
    expect(hex(read!.fingerprint.subarray(0, 4))).toBe(fingerprint)
    expect(read!.fingerprint.length).toBe(32)
  })

  it.each(['ice-ufrag', 'ice-pwd', 'fingerprint', 'setup'])('refuses an SDP without %s', (name) => {
    expect(readSdp(chromiumSdp.offer.replace(new RegExp(`a=${name}:.*\r\n`), ''))).toBeUndefined()
  })

  it('refuses another digest than SHA-256', () => {
    expect(readSdp(chromiumSdp.offer.replace('sha-256', 'sha-384'))).toBeUndefined()
  })
})

describe('writeSdp', () => {
  it('writes the template, and nothing else', () => {
    const candidates = [chromiumSdp.candidates[0]!, 'candidate:1 1 udp 1677729535 198.51.100.7 40000 typ srflx raddr 0.0.0.0 rport 0']
    const sdp = writeSdp({ ...readSdp(chromiumSdp.offer)!, candidates: candidates.map((text) => parseCandidate(text)!) })
    expect(sdp).toBe(
      [
        'v=0',
        'o=- 1 1 IN IP4 0.0.0.0',
        's=-',
        't=0 0',
        'a=group:BUNDLE 0',
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
        'c=IN IP4 0.0.0.0',
        'a=mid:0',
        'a=ice-ufrag:mypi',
        'a=ice-pwd:kTwV9pCJ0WEqNuUoM094cSXH',
        'a=ice-options:trickle',
        'a=fingerprint:sha-256 24:CE:66:48:41:AE:A9:E5:F8:41:CF:99:B5:3C:75:35:AF:D2:E3:D3:37:2F:74:8A:E2:6D:22:B8:EE:E1:95:EC',
        'a=setup:active',
        'a=sctp-port:5000',
        'a=max-message-size:65536',
        'a=candidate:2113937151 1 udp 2113937151 852cf134-91c4-4366-b383-627e20b2bbf4.local 40511 typ host',
        'a=candidate:1677729535 1 udp 1677729535 198.51.100.7 40000 typ srflx raddr 0.0.0.0 rport 9',
        '',
      ].join('\r\n'),
    )
  })

  it('lets an answer keep its role', () => {
    const read = readSdp(firefoxSdp.answer)!
    expect(writeSdp({ ...read, candidates: [] })).toContain('\r\na=setup:active\r\n')
    expect(writeSdp({ ...read, setup: 'passive', candidates: [] })).toContain('\r\na=setup:passive\r\n')
  })
})
