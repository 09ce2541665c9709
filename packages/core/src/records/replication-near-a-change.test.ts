import { describe, expect, it } from 'vitest'
import { contacts, linkedTable } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { replicas } from '../wire/message.js'
import { ReplicaView } from './replica-view.js'
import { Replication, settleMs, touchedMax } from './replication.js'

const recordKey = key('0b0')
const id = 'a record'

describe('a change', () => {
  /** So many live peers that the record is not near all of them. */
  const crowd = Array.from({ length: 2 * replicas + 4 }, (_, i) => `0b${(i + 2).toString(2).padStart(8, '0')}`)
  const newcomer = '0b00000001'
  /** Peers nearer to the record than the crowd and farther than the newcomer, one more than are remembered. */
  const strangers = Array.from({ length: touchedMax + 1 }, (_, i) => `${newcomer}${(i + 1).toString(2).padStart(12, '0')}`)

  /** The closest holder among a crowd, which has looked the record over once; the newcomer comes then. */
  function crowded() {
    const table = linkedTable('0b0', crowd)
    const replication = new Replication(table, new ReplicaView(table), () => 0.5)
    const look = (nowMs: number, changed: readonly string[]) => {
      replication.handle({ type: 'changed', contacts: contacts(...changed) }, nowMs - settleMs)
      return replication.handle({ type: 'woke' }, nowMs).flatMap((effect) => (effect.type === 'push' ? [effect.to] : []))
    }
    replication.handle({ type: 'kept', id, key: recordKey, elsewhere: true, own: false }, 0)
    expect(look(2_000, crowd)).toEqual([])
    table.addLink(99, contact(newcomer), 0)
    return { table, look }
  }

  it('near a record has it looked over, one farther away than all it is compared with does not', () => {
    const { look } = crowded()
    expect(look(4_000, [crowd.at(-1)!, '0b1'])).toEqual([])
    expect(look(6_000, [newcomer])).toEqual(contacts(newcomer))
  })

  it('of very many peers has every record looked over', () => {
    const { table, look } = crowded()
    expect(look(4_000, strangers)).toEqual([])
    strangers.forEach((stranger, i) => table.addLink(100 + i, contact(stranger), 0))
    expect(look(6_000, [...strangers, newcomer])).toContainEqual(contact(newcomer))
  })

  it('that is told of again, or of somebody who is as alive as before, has nothing looked over', () => {
    const { look } = crowded()
    expect(look(4_000, [strangers[0]!, crowd[0]!])).toEqual([])
    expect(look(6_000, [crowd[0]!, newcomer])).toEqual(contacts(newcomer))
    expect(look(8_000, [newcomer])).toEqual([])
  })

  it('is no concern of a peer far off from the record, until that peer is among those close to it again', () => {
    // The siblings share 7 bits with this peer, the record none.
    const siblings = Array.from({ length: replicas }, (_, i) => `0b1000000${i.toString(2).padStart(5, '0')}`)
    const table = linkedTable('0b10000001', [...siblings, '0b01'])
    const replication = new Replication(table, new ReplicaView(table), () => 0.5)
    replication.handle({ type: 'kept', id, key: recordKey, elsewhere: false, own: false }, 0)
    const look = (nowMs: number) => {
      replication.handle({ type: 'changed', contacts: contacts('0b01') }, nowMs - settleMs)
      return replication.handle({ type: 'woke' }, nowMs).flatMap((effect) => (effect.type === 'push' ? [effect.to] : []))
    }
    expect(look(2_000)).toEqual([])
    siblings.forEach((_, i) => table.removeLink(i + 1))
    expect(look(4_000)).toEqual(contacts('0b01'))
  })
})
