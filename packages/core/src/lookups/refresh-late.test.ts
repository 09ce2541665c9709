import { expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { linkedTable } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import { latePartsWith } from '../late-parts.js'
import { RecordRoom } from '../records/record-room.js'
import { Asking } from './asking.js'
import { firstLookDelayMs } from './refresh.js'

it('a peer that was linked before it could look around does so once it can', () => {
  const table = linkedTable('0b0', ['0b1'])
  const ids = new FreshIds(seededRandom())
  const asking = new Asking(contact('0b0'), table, ids, new RecordRoom(table, () => true, ids), undefined)
  asking.handle({ type: 'linked', contact: contact('0b1'), sibling: true }, 0)
  expect([asking.wakeAtMs, asking.handle({ type: 'woke' }, 5_000)]).toEqual([Infinity, []])
  expect(asking.handle({ type: 'late', ...latePartsWith(cipherSuite) }, 6_000)).toEqual([])
  expect(asking.wakeAtMs).toBeLessThanOrEqual(6_000 + 1.5 * firstLookDelayMs)
  expect(asking.handle({ type: 'woke' }, asking.wakeAtMs)).toMatchObject([{ type: 'seek', target: key('0b0'), want: 'peers' }])
})
