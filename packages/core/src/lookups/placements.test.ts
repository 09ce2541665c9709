import { describe, expect, it } from 'vitest'
import { contacts } from '../fixtures/linked-table.js'
import { ownedRecord } from '../fixtures/made-up-record.js'
import { contact, key } from '../fixtures/visible-key.js'
import { contentBytesMax, contentRecord, type Record } from '../records/record.js'
import { hopsMax, type Receipt, type StoreOrder } from '../wire/message.js'
import {
  handedOnBurstBytes,
  type PlacementAsker,
  type PlacementSeek,
  Placements,
  type PlacementsEffect,
  placementsMax,
  placementTimeoutMs,
} from './placements.js'

const self = contact('0b0')
const others = contacts('0b001', '0b010', '0b011', '0b100')
const record = ownedRecord('a', { seq: 4 })
const newer = ownedRecord('a', { seq: 5 })
const ways = others.map((one) => ({ contact: one, route: [] }))

const seekOf = (store: StoreOrder): PlacementSeek => ({
  type: 'seek',
  id: '00'.repeat(8),
  target: store.record.key,
  want: 'peers',
  path: [key('0b111')],
  avoid: [],
  hopsLeft: hopsMax,
  store,
})

function placementsOf({ holds = true } = {}) {
  const placements = new Placements(self, { holds: () => holds })
  const arrive = (store: Partial<StoreOrder> = {}, receipt: Receipt | 'not kept' = 'stored', nowMs = 0) =>
    placements.handle(
      {
        type: 'arrived',
        seek: seekOf({ record, all: false, ...store }),
        kept: receipt === 'not kept' ? undefined : { receipt, newer: receipt === 'stale' ? newer : undefined },
        others: ways,
      },
      nowMs,
    )
  const answer = (asker: PlacementAsker, i: number, receipt: Receipt = 'stored', shown?: Record) =>
    placements.handle(
      { type: 'heard', asker, from: others[i]!.id, receipt: { type: 'receipt', receipt, ...(shown && { newer: shown }) } },
      5,
    )
  return { placements, arrive, answer }
}

const askerIn = (effects: readonly PlacementsEffect[]): PlacementAsker => {
  const ask = effects.find((effect) => effect.type === 'ask')
  if (!ask) throw new Error('Nobody is asked')
  return ask.asker
}
const answers = (effects: readonly PlacementsEffect[]) => effects.flatMap((effect) => (effect.type === 'respond' ? [effect.answer] : []))
const receiptsIn = (effects: readonly PlacementsEffect[]) =>
  answers(effects).flatMap((one) => (one.type === 'placed' ? one.replicas.map(({ receipt }) => receipt ?? 'none') : []))

describe('a record that arrives at a replica', () => {
  it('is handed to the others, and answered for when most have it', () => {
    const { arrive, answer } = placementsOf()
    const effects = arrive()
    expect(effects.map((effect) => effect.type === 'ask' && [effect.to, effect.question])).toEqual(
      others.map(({ id }) => [id, { type: 'store', record }]),
    )
    const asker = askerIn(effects)
    expect(answer(asker, 0)).toEqual([])
    expect(answers(answer(asker, 2))).toEqual([
      {
        type: 'placed',
        replicas: [
          { contact: others[0], receipt: 'stored' },
          { contact: others[1] },
          { contact: others[2], receipt: 'stored' },
          { contact: others[3] },
          { contact: self, receipt: 'stored' },
        ],
      },
    ])
  })

  it('1: is answered for once', () => {
    const { placements, arrive, answer } = placementsOf()
    const asker = askerIn(arrive())
    expect([0, 1, 2, 3].flatMap((i) => answers(answer(asker, i)))).toHaveLength(1)
    expect(placements.handle({ type: 'woke' }, placementTimeoutMs)).toEqual([])
  })

  it('1: is answered for in time, whoever stays silent', () => {
    const { placements, arrive } = placementsOf()
    arrive()
    expect(placements.wakeAtMs).toBe(placementTimeoutMs)
    expect(receiptsIn(placements.handle({ type: 'woke' }, placementTimeoutMs))).toEqual(['none', 'none', 'none', 'none', 'stored'])
    expect(placements.wakeAtMs).toBeUndefined()
  })

  it('is answered for when all were heard, if the writer wants all: silence is heard as well', () => {
    const { placements, arrive, answer } = placementsOf()
    const asker = askerIn(arrive({ all: true }))
    for (const i of [0, 1, 2]) expect(answer(asker, i)).toEqual([])
    expect(placements.handle({ type: 'late', asker, from: others[3]!.id }, 6)).toEqual([])
    expect(answers(placements.handle({ type: 'heard', asker, from: others[3]!.id, receipt: undefined }, 7))).toHaveLength(1)
  })

  it('on a condition is answered for when all but the late were heard', () => {
    const { placements, arrive, answer } = placementsOf()
    const asker = askerIn(arrive({ ifSeq: 3n }))
    for (const i of [0, 1, 2]) expect(answer(asker, i)).toEqual([])
    expect(answers(placements.handle({ type: 'late', asker, from: others[3]!.id }, 6))).toHaveLength(1)
  })

  it('that this peer is no replica for is handed on all the same', () => {
    const { arrive, answer } = placementsOf()
    const asker = askerIn(arrive({}, 'not kept'))
    expect(answer(asker, 0).concat(answer(asker, 1))).toEqual([])
    expect(receiptsIn(answer(asker, 2))).toEqual(['stored', 'stored', 'stored', 'none'])
  })

  it.each<Receipt>(['stale', 'conflict', 'full', 'refused'])('2: is not handed on when it is %s here', (receipt) => {
    const { arrive } = placementsOf()
    const effects = arrive({}, receipt)
    expect(effects.map(({ type }) => type)).toEqual(['respond'])
    expect(receiptsIn(effects)).toEqual(['none', 'none', 'none', 'none', receipt])
  })

  it('tells the newest that anybody has instead, if it holds', () => {
    const newest = ownedRecord('a', { seq: 6 })
    for (const [holds, shown] of [
      [true, newest],
      [false, undefined],
    ] as const) {
      const { arrive, answer } = placementsOf({ holds })
      const asker = askerIn(arrive({ all: true }))
      const effects = [newer, newest, newer, newest].flatMap((one, i) => answer(asker, i, 'stale', one))
      expect(answers(effects)).toMatchObject([{ type: 'placed', ...(shown && { newer: shown }) }])
      expect(answers(effects).some((one) => 'newer' in one)).toBe(holds)
    }
  })

  it('3: is not handed on beyond the budget, until it has grown again', () => {
    const { arrive, placements } = placementsOf()
    const content = contentRecord(new Uint8Array(contentBytesMax))
    let handedOn = 0
    let effects: readonly PlacementsEffect[] = []
    while ((effects = arrive({ record: content })).some(({ type }) => type === 'ask')) {
      handedOn += contentBytesMax * others.length
      placements.handle({ type: 'woke' }, placementTimeoutMs)
    }
    expect(receiptsIn(effects)).toEqual(['none', 'none', 'none', 'none', 'stored'])
    expect(handedOn).toBeGreaterThan(handedOnBurstBytes / 2)
    expect(handedOn).toBeLessThan(handedOnBurstBytes)
    expect(askerIn(arrive({ record: content }, 'stored', 60_000))).toBeDefined()
  })

  it('3: is not handed on while as many are under way as may be', () => {
    const { arrive } = placementsOf()
    for (let i = 0; i < placementsMax; i++) askerIn(arrive())
    expect(arrive().map(({ type }) => type)).toEqual(['respond'])
  })
})
