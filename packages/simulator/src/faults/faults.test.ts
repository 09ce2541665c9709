import { compareRecords, desktopLinkLimits, type Outcome, type Record, recordId, type SignedRecord } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import type { Conduct } from '../adversaries/conduct.js'
import { Simulation } from '../simulation.js'
import { Bounds } from './bounds.js'
import { type FaultPlan, planFaults } from './fault-plan.js'
import { runFaults } from './fault-world.js'
import { Violations } from './violation.js'

/** Seeds that every run of the tests goes through. More: `npm run simulate:faults -- --seeds 1000`. */
const seeds = Array.from({ length: 50 }, (_, i) => i + 1)
/** Seeds that have found a mistake once, and what it was. */
const regressions: readonly (readonly [seed: number, found: string])[] = [
  [28, 'a watch begins with an older version than its app has read'],
  [114, 'what is kept here is returned though a newer version was read'],
  [70, 'one peer that says it has a record confirms a write that another has only said to have made'],
  [71, 'a former replica of an open key answers as one of them, and lacks what has come since'],
  [75, 'a record that was brought to the wrong peers stays there'],
  [612, 'a reader of one version of a seq is given a lesser one of the same seq'],
  [105, 'two that work together say they have what cut-off peers should have kept'],
  [941, 'those whom a partition parted bring a record to some of its replicas, and none of the closest'],
  [154, 'a holder takes for a replica, for ever, whom it took for one when the record came'],
  [668, 'those who name only each other confirm a write beside linked peers who are closer'],
  [411, 'those whom a partition parted stay so while their sockets to one server stay open'],
  [422, 'those whom a partition parted stay so while their sockets to one server stay open'],
]

function broken(plan: FaultPlan, pretends?: () => Conduct): string[] {
  return runFaults(plan, pretends).violations.map(({ invariant, what }) => `${invariant}: ${what}`)
}

describe('in a small world in which everything goes wrong', () => {
  it.each(seeds)('all holds that must: seed %d', (seed) => {
    expect(broken(planFaults(seed)), `npm run simulate:faults -- --seed ${seed}`).toEqual([])
  })

  it.each(regressions)('seed %d finds no longer that %s', (seed) => {
    expect(broken(planFaults(seed)), `npm run simulate:faults -- --seed ${seed}`).toEqual([])
  })

  it('all happens again, event by event, with the same seed', () => {
    const [one, same, other] = [runFaults(planFaults(1)), runFaults(planFaults(1)), runFaults(planFaults(2))]
    expect(same).toEqual(one)
    expect(one.eventHash).not.toBe(other.eventHash)
    expect(one.operations).toBeGreaterThan(50)
    expect(one.acknowledged).toBeGreaterThan(5)
  })
})

/** A world in which nothing goes wrong by itself. */
const calm: FaultPlan = {
  ...planFaults(1),
  peers: 24,
  points: 1,
  limits: desktopLinkLimits,
  latency: { model: 'lognormal', meanMs: 50 },
  loss: 0,
  unlinkable: 0,
  faultsMs: 60_000,
  medianStayMs: Infinity,
  burst: undefined,
  partition: undefined,
  freezesPerMinute: 0,
  hostileShare: 0,
  conducts: [],
  operationsPerSecond: 4,
}

/** What its reads bring is something else. */
const readsAs =
  (change: (records: readonly Record[]) => readonly Record[]): (() => Conduct) =>
  () => ({
    orders(effect) {
      if (effect.type !== 'finish' || effect.outcome.type !== 'read') return effect
      return { ...effect, outcome: { ...effect.outcome, records: change(effect.outcome.records) } }
    },
  })

const altered = (record: Record): Record => ({ ...record, value: Uint8Array.from(record.value, (byte) => byte ^ 1) })

/** Once it has brought a newer version it brings the one before. */
function forgetful(): Conduct {
  const first = new Map<string, Record>()
  const seen = new Set<string>()
  return readsAs((records) =>
    records.map((record) => {
      const before = first.get(recordId(record)) ?? record
      first.set(recordId(record), before)
      const isOld = seen.has(recordId(record))
      if (compareRecords(record, before) > 0) seen.add(recordId(record))
      return isOld ? before : record
    }),
  )()
}

/** Of two versions of one seq it brings the one that loses. */
function contrary(): Conduct {
  const losers = new Map<string, Record>()
  return {
    hears(event) {
      const store = event.type === 'received' && event.message.type === 'envelope' && event.message.payload
      if (!store || store.type !== 'request' || store.question.type !== 'store') return event
      const { record } = store.question
      const before = losers.get(nameOf(record))
      if (!before || compareRecords(record, before) < 0) losers.set(nameOf(record), record)
      return event
    },
    ...readsAs((records) => records.map((record) => losers.get(nameOf(record)) ?? record))(),
  }
}

function nameOf(record: Record): string {
  return `${recordId(record)} ${(record as SignedRecord).seq}`
}

const written = {
  type: 'written',
  stored: 8,
  storedElsewhere: 7,
  wanted: 8,
  newer: undefined,
  conflict: false,
  full: 0,
  notKept: undefined,
  crowded: false,
} as const
const nothing: Outcome = { type: 'read', records: [], asked: 0, complete: true }

describe('a mistake in every fourth peer is found', () => {
  it('that makes none is none', () => {
    expect(broken(calm, () => ({}))).toEqual([])
  })

  const mistakes: readonly [invariant: string, what: string, pretends: () => Conduct, plan?: FaultPlan][] = [
    ['genuine', 'altered records are returned', readsAs((records) => records.map(altered))],
    ['reader', 'an older version follows a newer one', forgetful, { ...calm, operationsPerSecond: 20 }],
    [
      'holder',
      'what is kept is not served',
      () => ({
        orders(effect) {
          if (effect.type !== 'send' || effect.message.type !== 'envelope') return effect
          const { payload } = effect.message
          if (payload.type !== 'response' || payload.answer.type !== 'found') return effect
          return { ...effect, message: { ...effect.message, payload: { ...payload, answer: { ...payload.answer, records: [] } } } }
        },
      }),
    ],
    [
      'durable',
      'writes are acknowledged, and not made',
      () => ({
        hears(event, self) {
          if (event.type !== 'write') return event
          self.do({ type: 'finish', operation: event.operation, outcome: written })
          return undefined
        },
      }),
    ],
    [
      'recovery',
      'what is there is not found',
      () => ({
        hears(event, self) {
          if (event.type !== 'read') return event
          self.do({ type: 'finish', operation: event.operation, outcome: nothing })
          return undefined
        },
      }),
    ],
    [
      'agreement',
      'of two versions of one seq the wrong one is returned',
      contrary,
      { ...calm, hostileShare: 0.1, conducts: ['equivocates'] },
    ],
    ['ends', 'operations do not end', () => ({ orders: (effect) => (effect.type === 'finish' ? undefined : effect) })],
    [
      'ends',
      'operations end twice',
      () => ({
        orders(effect, self) {
          if (effect.type === 'finish') self.do(effect)
          return effect
        },
      }),
    ],
  ]
  it.each(mistakes)('%s: %s', (...[invariant, , pretends, plan = calm]) => {
    expect(broken(plan, pretends).map((told) => told.split(':')[0])).toContain(invariant)
  })

  it('bounds: more links, and a longer message, than may be', () => {
    const simulation = new Simulation(calm)
    const peers = Array.from({ length: 12 }, () => simulation.join())
    simulation.run(20_000)
    const violations = new Violations(() => simulation.nowMs)
    const bounds = new Bounds(violations, { target: 4, soft: 6, hard: 8 })
    bounds.check(peers)
    expect(violations.all).toEqual([])
    bounds.check(peers)
    expect(violations.all[0]).toMatchObject({ invariant: 'bounds', what: expect.stringContaining('links') })
    const data = new Uint8Array(40_000)
    const message = { type: 'spoken', id: '0'.repeat(16), body: { type: 'mail', mailId: '0'.repeat(16), writtenUnixS: 0, data } } as const
    for (let i = 0; i < 20; i++) bounds.sent(message)
    expect(violations.all.at(-1)).toMatchObject({ what: expect.stringContaining('bytes') })
  })
})
