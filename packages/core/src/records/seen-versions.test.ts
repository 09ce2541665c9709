import { expect, test } from 'vitest'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { recordId } from './record.js'
import { RecordStore } from './record-store.js'
import { seenVersionsMax } from './seen-versions.js'

test('what was read is remembered, however much others have it keep and drop', () => {
  const store = new RecordStore({ self: key('0b0000') })
  store.note(ownedRecord('first', { seq: 9 }))
  for (let i = 0; i < seenVersionsMax; i++) {
    const brought = openRecord(key(`0b000${i.toString(2).padStart(13, '0')}`))
    if (store.put(brought, { role: 'replica' }, () => true, 1_000).type === 'stored') store.release(recordId(brought))
  }
  expect([store.count, store.isOlder(ownedRecord('first', { seq: 8 }))]).toEqual([0, true])
})
