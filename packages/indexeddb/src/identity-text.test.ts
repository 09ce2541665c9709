import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { assert as holds, asyncProperty, constantFrom, integer, string, tuple } from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { openIdentity, sealIdentity } from './identity-text.js'

const seed = Uint8Array.from({ length: 32 }, (_, i) => i)
const passphrase = 'correct horse battery staple'
/** Sealed by this code when version 1 was made: what people have on paper must open for as long as there is a version 1. */
const golden =
  'hashtab-identity-1.scrypt-17-8-1.a1f085f72f372e5318b00666d9121fa272940ec388dd03c78c9a76d26769943c96341bc25d63ba48efbbf67aa02fc1048b5daef366f45387c2647e2c98e91d6202ca4869965849cbe49ae830a2e65e08d6ba85c9f9e36f6c.5bf95ac8'

/** What an attempt at an import ends as, and how long it took. */
async function attempt(text: string, words = passphrase) {
  const beginMs = performance.now()
  const outcome = await openIdentity(text, words).then(
    (opened) => bytesToHex(opened),
    (reason: unknown) => (reason as { code?: string }).code ?? String(reason),
  )
  return { outcome, tookMs: performance.now() - beginMs }
}

let text: string
let costMs: number
beforeAll(async () => {
  const beginMs = performance.now()
  text = await sealIdentity(seed, passphrase)
  costMs = performance.now() - beginMs
})

describe('an exported identity', () => {
  test('is a line that says what it is, and never the same twice', async () => {
    expect(text).toMatch(/^hashtab-identity-1\.scrypt-17-8-1\.[0-9a-f]{176}\.[0-9a-f]{8}$/)
    expect(await sealIdentity(seed, passphrase)).not.toBe(text)
  })

  test('opens with its passphrase, however it was copied', async () => {
    expect((await attempt(text)).outcome).toBe(bytesToHex(seed))
    expect((await attempt(`\r\n  ${text}\n`)).outcome).toBe(bytesToHex(seed))
  })

  test('of the first day still opens', async () => expect((await attempt(golden)).outcome).toBe(bytesToHex(seed)))

  test('does not open with any other passphrase, nor with one that is none', async () => {
    for (const words of ['correct horse battery staplf', `${passphrase} `, '', 'short', 'x'.repeat(1_025)]) {
      expect((await attempt(text, words)).outcome).toBe('wrong-passphrase')
    }
  })

  test('opens with a passphrase that another keyboard writes in other bytes', async () => {
    const composed = await sealIdentity(seed, 'gr\u00fc\u00dfe an alle')
    expect((await attempt(composed, 'gru\u0308\u00dfe an alle')).outcome).toBe(bytesToHex(seed))
  })

  test('is not made with a passphrase that falls to guessing, or has no end', async () => {
    for (const words of ['', '1234567', 'x'.repeat(1_025)]) {
      await expect(sealIdentity(seed, words)).rejects.toMatchObject({ name: 'PeerError', code: 'invalid' })
    }
  })
})

describe('a damaged text', () => {
  test('every one of its bytes, changed to any other, is refused before it costs anything', async () => {
    const beginMs = performance.now()
    await holds(
      asyncProperty(integer({ min: 0, max: text.length - 1 }), integer({ min: 0, max: 255 }), async (at, byte) => {
        const letter = String.fromCharCode(byte)
        if (letter === text[at]) return
        expect((await attempt(text.slice(0, at) + letter + text.slice(at + 1))).outcome).toBe('damaged')
      }),
      { numRuns: 5_000 },
    )
    // Each of its places at least once, whatever chance chose.
    for (let at = 0; at < text.length; at++) {
      const other = String.fromCharCode(text.charCodeAt(at) ^ 1)
      expect((await attempt(text.slice(0, at) + other + text.slice(at + 1))).outcome).toBe('damaged')
    }
    expect((performance.now() - beginMs) / 5_000).toBeLessThan(costMs / 10)
  })

  test('cut, doubled, or no such text at all: refused', async () => {
    for (let cut = 0; cut < text.length; cut++) expect((await attempt(text.slice(0, cut))).outcome).toBe('damaged')
    for (const wrong of ['', text + text, `${text}\n${text}`, text.toUpperCase(), text.replaceAll('.', ':'), 'x'.repeat(100_000_000)]) {
      expect((await attempt(wrong)).outcome).toBe('damaged')
    }
    await holds(
      asyncProperty(string({ unit: 'binary', maxLength: 2_000 }), async (any) => {
        expect((await attempt(any)).outcome).toBe('damaged')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a hostile text, whose checksum is right', () => {
  const withChecksum = (body: string) => `${body}.${bytesToHex(sha256(new TextEncoder().encode(body)).subarray(0, 4))}`
  const bodyOf = (whole: string) => whole.slice(0, whole.lastIndexOf('.'))

  test('may not say what the work is to cost', async () => {
    const costs = tuple(integer({ min: 0, max: 40 }), integer({ min: 0, max: 2 ** 31 }), integer({ min: 0, max: 2 ** 31 }))
    const forged = constantFrom('1', '2', '01', '-1', '').chain((version) => costs.map((cost) => ({ version, cost })))
    await holds(
      asyncProperty(forged, async ({ version, cost }) => {
        const heading = `hashtab-identity-${version}.scrypt-${cost.join('-')}`
        if (heading === 'hashtab-identity-1.scrypt-17-8-1') return
        const { outcome } = await attempt(withChecksum(`${heading}.${bodyOf(text).split('.')[2]!}`))
        expect(outcome).toBe('damaged')
      }),
      { numRuns: 2_000 },
    )
    for (const cost of ['18-8-1', '30-8-1', '17-8-2', '17-1024-1', '1-1-1', '017-8-1', '17-8-1e9']) {
      const { outcome, tookMs } = await attempt(withChecksum(bodyOf(text).replace('17-8-1', cost)))
      expect(outcome).toBe('damaged')
      expect(tookMs).toBeLessThan(costMs / 10)
    }
  })

  test('changed in its salt, nonce, seed or tag: the seal does not open, and costs what an import costs', async () => {
    const body = bodyOf(text)
    const start = body.lastIndexOf('.') + 1
    for (const byte of [0, 15, 39, 40, 87]) {
      const at = start + 2 * byte
      const other = ((parseInt(body[at]!, 16) + 1) % 16).toString(16)
      const { outcome, tookMs } = await attempt(withChecksum(body.slice(0, at) + other + body.slice(at + 1)))
      expect(outcome).toBe('wrong-passphrase')
      expect(tookMs).toBeLessThan(10 * costMs)
    }
  })
})
