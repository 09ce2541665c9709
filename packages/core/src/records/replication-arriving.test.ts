import { describe, expect, it } from 'vitest'
import { contacts, linkedTable, linkWith } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { replicas } from '../wire/message.js'
import { Duty } from './duty.js'
import { ReplicaView } from './replica-view.js'
import { arrivingMs, Replication, settleMs } from './replication.js'

const far = Array.from({ length: replicas }, (_, i) => `0b1${(i + 1).toString(2).padStart(8, '0')}`)
const near = '0b00000001'

/** A peer that was given its first links at 0 ms, all of them far away, and brings a record from before. */
function arriving(recordKey = key('0b0')) {
  const table = linkedTable('0b0', far)
  table.linkedSinceMs = 0
  const replication = new Replication(table, new ReplicaView(table), () => 0.5)
  replication.handle({ type: 'kept', id: 'a record', key: recordKey, elsewhere: false, own: false }, 0)
  /** Who is offered the record when the peer is woken at its own times, up to this one. */
  const offeredUntil = (untilMs: number) => {
    for (let nowMs = replication.wakeAtMs!; nowMs <= untilMs; nowMs = replication.wakeAtMs!) {
      const effects = replication.handle({ type: 'woke' }, nowMs)
      const to = effects.flatMap((effect) => (effect.type === 'push' ? [effect.to] : []))
      if (to.length > 0) return { to, nowMs }
    }
    return undefined
  }
  return { table, offeredUntil }
}

describe('a peer that has just been linked', () => {
  it('takes nobody far off for a replica before it knows who is near, but waits no longer than it must', () => {
    const { offeredUntil } = arriving()
    expect(offeredUntil(arrivingMs - 1)).toBeUndefined()
    expect(offeredUntil(2 * arrivingMs)?.nowMs).toBe(arrivingMs)
  })

  it('pushes at once to one that is about as near as itself', () => {
    const { table, offeredUntil } = arriving(key('0b00001'))
    table.addLink(99, contact(near), 0)
    expect(offeredUntil(arrivingMs - 1)).toMatchObject({ to: [contact(near)], nowMs: settleMs })
    expect(offeredUntil(2 * arrivingMs)?.nowMs).toBe(arrivingMs)
  })

  it('does so as soon as its siblings have said who is near, and it is linked to those', () => {
    const { table, offeredUntil } = arriving()
    for (const bits of far.slice(1)) linkWith(table, bits, far)
    expect(offeredUntil(3_500)).toBeUndefined()
    linkWith(table, far[0]!, [near, ...far])
    expect(offeredUntil(6_500)).toBeUndefined()
    table.addLink(99, contact(near), 6_500)
    linkWith(table, near, ['0b0'])
    expect(offeredUntil(7_500)?.to).toContainEqual(contact(near))
  })

  it('among few waits for their lists alone', () => {
    const table = linkedTable('0b0', [near])
    table.linkedSinceMs = 0
    const duty = new Duty(table, new ReplicaView(table), () => 0)
    expect(duty.isWhole).toBe(false)
    linkWith(table, near, ['0b0'])
    expect(duty.isWhole).toBe(true)
  })

  it('is one that lost all its links, too', () => {
    const { table } = arriving()
    for (const { link } of table.links()) table.removeLink(link)
    table.addLink(100, contact(near), 90_000)
    table.addLink(101, contact(far[0]!), 95_000)
    expect(table.linkedSinceMs).toBe(90_000)
  })
})

it('a peer whose surroundings change later on looks its records over after a moment', () => {
  const table = linkedTable('0b0', [...far, near])
  const replication = new Replication(table, new ReplicaView(table), () => 0.5)
  replication.handle({ type: 'kept', id: 'a record', key: key('0b0'), elsewhere: false, own: false }, 100_000)
  replication.handle({ type: 'changed', contacts: contacts(near) }, 100_000)
  expect(replication.wakeAtMs).toBe(100_000 + settleMs)
})
