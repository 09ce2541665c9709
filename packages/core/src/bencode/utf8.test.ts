import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isMalformed } from './malformed.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

it.each([
  ['', []],
  ['a', [0x61]],
  ['\u007f\u0080', [0x7f, 0xc2, 0x80]],
  ['\u07ff\u0800', [0xdf, 0xbf, 0xe0, 0xa0, 0x80]],
  ['\uffff\u{10000}', [0xef, 0xbf, 0xbf, 0xf0, 0x90, 0x80, 0x80]],
  ['\u{10ffff}', [0xf4, 0x8f, 0xbf, 0xbf]],
  ['\ufeff', [0xef, 0xbb, 0xbf]],
])('%j', (text, bytes) => {
  expect([...encodeUtf8(text)]).toEqual(bytes)
  expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text)
})

it.each([
  ['a lone continuation', [0x80]],
  ['a cut sequence', [0xe2, 0x82]],
  ['a broken sequence', [0xc3, 0x28]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong nul in three bytes', [0xe0, 0x80, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['past U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['0xff', [0xff]],
])('refuses %s', (_, bytes) => {
  expect(isMalformed(decodeUtf8(Uint8Array.from(bytes)))).toBe(true)
})

it('agrees with the platform on any bytes', () => {
  const platform = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => new TextEncoder().encode(text)),
  )
  fc.assert(
    fc.property(bytes, (value) => {
      const mine = decodeUtf8(value)
      if (isMalformed(mine)) expect(() => platform.decode(value)).toThrow()
      else expect(mine).toBe(platform.decode(value))
    }),
    { numRuns: 2_000 },
  )
})
