import { contactOf, draftSigned, type ExchangeKey, Key, type LetterBody, letterSignedBytes, publicKey } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { goldenLetterBodies } from '../../core/src/fixtures/golden-messages.js'
import { bytesToProve } from './protocol.js'

const own = contactOf(publicKey(new Uint8Array(32).fill(1)))
const [salt, key] = [new Uint8Array(20).fill(2), Key.fromBytes(new Uint8Array(20).fill(2))]
const wish = { publicKey: own.publicKey, seq: 1n, expiresUnixS: 1, value: new Uint8Array(3) }

/** All that one key signs in Hashtab: some of each kind. */
const signed = {
  'a proof to a server': ['app', '4:salt', 'hashtab letter 1:'].map((network) => bytesToProve(network, new Uint8Array(32))),
  'a letter': goldenLetterBodies.map(([body]) => letterSignedBytes({ from: own.publicKey, to: own.id, body })),
  'an owned record': [new Uint8Array(0), salt].map((salt) => draftSigned({ ...wish, kind: 'owned', salt }).signedBytes),
  'an open record': [draftSigned({ ...wish, kind: 'open', key }).signedBytes],
} satisfies Record<string, readonly Uint8Array[]>

/** What each begins with, and no other may: BEP 44 says how records do (an owned one without salt begins with its seq). */
const domains = {
  'a proof to a server': /^l19:hashtab signaling 1/,
  'a letter': /^hashtab letter 1:d1:b/,
  'an owned record': /^(4:salt20:.{20})?3:seqi/s,
  'an open record': /^4:salt20:.{20}3:seqi/s,
} satisfies Record<keyof typeof signed, RegExp>

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const isRecord = (kind: string) => kind.endsWith('record')

describe('what a key signs', () => {
  it.each(Object.keys(domains) as (keyof typeof domains)[])('as %s is signed as nothing else', (kind) => {
    for (const [other, texts] of Object.entries(signed)) {
      // Owned and open records are one kind of signed bytes, and an open one is filed under its salt alone: see `misfiled`.
      if (isRecord(kind) && isRecord(other) && kind !== other) continue
      for (const text of texts) expect([other, domains[kind].test(latin1(text))]).toEqual([other, other === kind])
    }
  })

  it('in a letter of one type says nothing in one of another', () => {
    const nonce = 'a0'.repeat(16)
    const sealed = new Uint8Array(50)
    const alike: LetterBody[] = [
      { type: 'offer', nonce, offerNonce: nonce, key: new Uint8Array(32) as ExchangeKey, sealed },
      { type: 'answer', nonce, offerNonce: nonce, sealed },
      { type: 'candidates', nonce, offerNonce: nonce, sealed },
    ]
    const texts = alike.map((body) => latin1(letterSignedBytes({ from: own.publicKey, to: own.id, body })))
    expect(new Set(texts).size).toBe(alike.length)
    expect(texts.map((text) => /1:t\d+:(offer|answer|candidates)e1:f32:/.exec(text)?.[1])).toEqual(alike.map(({ type }) => type))
  })
})
