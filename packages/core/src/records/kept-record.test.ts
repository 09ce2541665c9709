import { expect, it } from 'vitest'
import { encode, encodedLength } from '../bencode/bencode.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { contact, key } from '../fixtures/visible-key.js'
import { decodeStored, encodeStored, keptRecord, type RecordSource } from './kept-record.js'
import { isMalformed } from '../bencode/malformed.js'
import { encodeRecord } from './record-codec.js'
import { contentRecord, type Record } from './record.js'

it.each<[string, Record, RecordSource]>([
  ['content', contentRecord(new Uint8Array(300)), { role: 'replica', from: contact('0b1').id }],
  ['an owned record', ownedRecord('a', { value: 'x' }), { role: 'own' }],
  ['an open record', openRecord(key('0b101')), { role: 'replica', from: contact('0b01').id }],
])('%s comes back from storage as it was', (_, record, source) => {
  const kept = keptRecord(record, source, 1_000)
  expect(decodeStored(encodeStored(kept))).toEqual(kept)
  expect(kept.bytes).toBe(encodedLength(encodeRecord(record)))
})

it('refuses damaged bytes', () => {
  const bytes = encodeStored(keptRecord(ownedRecord('a'), { role: 'own' }, 1_000))
  expect(isMalformed(decodeStored(bytes.subarray(1)))).toBe(true)
  expect(isMalformed(decodeStored(encode([])))).toBe(true)
  expect(isMalformed(decodeStored(new Uint8Array(0)))).toBe(true)
})
