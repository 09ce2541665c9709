import { expect, it, vi } from 'vitest'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import type { Verify } from '../keys/public-key.js'
import { clockSkewMaxS, judgeRecord, type RecordVerdict } from './record-verdict.js'
import { contentRecord, expiryAheadMaxS, ownedKey, type Record, signedBytes } from './record.js'
import { encodeUtf8 } from '../bencode/utf8.js'

const nowS = 1_000_000
const owned = ownedRecord('a', { expiresUnixS: nowS + 60 })
const open = openRecord(key('0b1'), { expiresUnixS: nowS + 60 })
const content = contentRecord(encodeUtf8('x'))

it.each<[string, Record, RecordVerdict]>([
  ['an owned record', owned, 'valid'],
  ['an open record', open, 'valid'],
  ['content', content, 'valid'],
  ['an expiry that is now', ownedRecord('a', { expiresUnixS: nowS }), 'expired'],
  ['an expiry a second ahead', ownedRecord('a', { expiresUnixS: nowS + 1 }), 'valid'],
  ['the longest expiry of a fast clock', ownedRecord('a', { expiresUnixS: nowS + expiryAheadMaxS + clockSkewMaxS }), 'valid'],
  ['a longer expiry', ownedRecord('a', { expiresUnixS: nowS + expiryAheadMaxS + clockSkewMaxS + 1 }), 'too-far'],
  ['content under another key', { ...content, key: key('0b1') }, 'misfiled'],
  ['an owned record under another key', { ...owned, key: key('0b1') }, 'misfiled'],
  ['an open record moved elsewhere', { ...open, key: key('0b11') }, 'misfiled'],
  ['an open record whose salt holds no key', { ...open, salt: new Uint8Array(19) }, 'misfiled'],
])('judges %s', (_, record, verdict) => {
  expect(judgeRecord(record, () => true, nowS)).toBe(verdict)
})

it('asks the verifier for the signature over what BEP 44 says', () => {
  const verify = vi.fn<Verify>(() => false)
  expect(judgeRecord(owned, verify, nowS)).toBe('forged')
  expect(verify.mock.calls).toEqual([[owned.signature, signedBytes(owned), owned.publicKey]])
})

it('asks the verifier last', () => {
  const verify = vi.fn<Verify>(() => true)
  judgeRecord({ ...owned, key: key('0b1') }, verify, nowS)
  judgeRecord(owned, verify, nowS + 60)
  judgeRecord(content, verify, nowS)
  expect(verify).not.toHaveBeenCalled()
})

it('lets one item serve as owned and as open, each under its own key', () => {
  const asOwned: Record = { ...open, kind: 'owned' }
  expect(judgeRecord(asOwned, () => true, nowS)).toBe('misfiled')
  expect(judgeRecord({ ...asOwned, key: ownedKey(open.publicKey, open.salt) }, () => true, nowS)).toBe('valid')
})
