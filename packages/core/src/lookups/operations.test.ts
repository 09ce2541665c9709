import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts } from '../fixtures/linked-table.js'
import { openRecord, ownedRecord } from '../fixtures/made-up-record.js'
import { contact, key } from '../fixtures/visible-key.js'
import type { Key } from '../keys/key.js'
import { contentRecord, type Record } from '../records/record.js'
import { type Answer, type Receipt, replicas } from '../wire/message.js'
import { type OperationAsker, Operations, type OperationsEffect, operationsMax, operationTimeoutMs, type Purpose } from './operations.js'
import { repairsOf } from './read-repair.js'

const self = key('0b0')
const target = key('0b111')
const content = contentRecord(new Uint8Array(3))

/** The host: what it was asked to keep, and what it says of records. */
function operationsOf({
  holds = true,
  receipt = 'stored',
  linked = [],
}: { readonly holds?: boolean; readonly receipt?: Receipt; readonly linked?: readonly string[] } = {}) {
  const kept: [Record, bigint | undefined][] = []
  const operations = new Operations(self, {
    holds: () => holds,
    isBehind: () => false,
    repairs: repairsOf,
    isPlausible: () => true,
    closestLinked: () => contacts(...linked),
    serves: () => true,
    keep: (record, ifSeq) => {
      kept.push([record, ifSeq])
      return receipt
    },
  })
  return { operations, kept }
}

const start = (
  purpose: Purpose,
  seeds: readonly string[] = ['0b1'],
  over: { operation?: number; target?: Key; here?: readonly Record[] } = {},
) =>
  ({
    type: 'start',
    operation: 1,
    target,
    purpose,
    seeds: contacts(...seeds).map((contact) => ({ contact, route: [] })),
    answered: [],
    here: [],
    ...over,
  }) as const
const found = (named: readonly string[] = [], records: readonly Record[] = []): Answer => ({
  type: 'found',
  contacts: contacts(...named),
  records,
})
const asker = (step: OperationAsker['step'], operation = 1): OperationAsker => ({ for: 'operation', operation, step })
const answered = (from: string, answer: Answer, route: readonly Key[] = []) =>
  ({ type: 'answered', asker: asker(answer.type === 'receipt' ? 'store' : 'find'), from: key(from), route, answer }) as const
const outcomes = (effects: readonly OperationsEffect[]) => effects.flatMap((effect) => (effect.type === 'finish' ? [effect.outcome] : []))
const stores = (effects: readonly OperationsEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'ask' && effect.question.type === 'store' ? [effect.to] : []))

describe('looking', () => {
  it('asks for peers alone, and ends with the closest that answered', () => {
    const { operations } = operationsOf()
    expect(operations.handle(start({ type: 'look' }), 0)).toEqual([
      { type: 'ask', asker: asker('find'), to: key('0b1'), route: [], question: { type: 'find', target, want: 'peers' }, tries: 1 },
    ])
    const closest = [{ contact: contact('0b1'), route: [] }]
    expect(operations.handle(answered('0b1', found()), 1)).toEqual([
      { type: 'finish', operation: 1, target, outcome: { type: 'looked', closest }, closest },
    ])
    expect(operations.wakeAtMs).toBeUndefined()
  })
})

describe('locating', () => {
  it('ends as soon as somebody names the peer, with the way through them', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'locate' }, ['0b1', '0b11']), 0)
    const effects = operations.handle(answered('0b11', found(['0b111'])), 1)
    expect(outcomes(effects)).toEqual([{ type: 'located', contact: contact('0b111'), route: [key('0b11')] }])
  })

  it('ends when the only one that was asked names the peer, and the peer was known already', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'locate' }, ['0b1', '0b111']), 0)
    operations.handle({ type: 'silent', asker: asker('find'), from: key('0b111') }, 1)
    const effects = operations.handle(answered('0b1', found(['0b111'])), 2)
    expect(outcomes(effects)).toEqual([{ type: 'located', contact: contact('0b111'), route: [key('0b1')] }])
  })

  it('ends when the peer itself answers, and finds nobody else to ask', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'locate' }, ['0b111']), 0)
    expect(outcomes(operations.handle(answered('0b111', found()), 1))).toEqual([{ type: 'located', contact: contact('0b111'), route: [] }])
  })

  it('ends with nothing when nobody knows the peer', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'locate' }), 0)
    expect(outcomes(operations.handle(answered('0b1', found()), 1))).toEqual([{ type: 'located', contact: undefined, route: [] }])
  })
})

describe('reading', () => {
  it('brings the best of what is here and what the peers have', () => {
    const { operations } = operationsOf()
    const here = [openRecord(target, { publisher: 1, seq: 1 })]
    operations.handle(start({ type: 'read', want: 'open' }, ['0b1'], { here }), 0)
    const records = [openRecord(target, { publisher: 1, seq: 2 }), openRecord(target, { publisher: 2, seq: 1 })]
    expect(outcomes(operations.handle(answered('0b1', found([], records)), 1))).toEqual([
      { type: 'read', records, asked: 1, complete: true },
    ])
  })

  it('mends those of the closest that lack the best, or have an old version of it', () => {
    const { operations } = operationsOf()
    const [old, newer] = [1, 2].map((seq) => openRecord(target, { seq })) as [Record, Record]
    operations.handle(start({ type: 'read', want: 'open' }, ['0b1', '0b11', '0b101']), 0)
    operations.handle(answered('0b1', found([], [old]), [key('0b01')]), 1)
    operations.handle(answered('0b11', found([], [newer])), 2)
    const effects = operations.handle(answered('0b101', found()), 3)
    expect(effects).toMatchObject([
      { type: 'finish', outcome: { records: [newer] } },
      { type: 'repair', record: newer, to: key('0b101'), route: [] },
      { type: 'repair', record: newer, to: key('0b1'), route: [key('0b01')] },
    ])
  })

  it('ends at the first content that holds', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'read', want: 'content' }, ['0b1', '0b11'], { target: content.key }), 0)
    expect(outcomes(operations.handle(answered('0b11', found([], [content])), 1))).toEqual([
      { type: 'read', records: [content], asked: 2, complete: true },
    ])
  })

  it('ends at the content that the last peer brings', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'read', want: 'content' }, ['0b1'], { target: content.key }), 0)
    expect(outcomes(operations.handle(answered('0b1', found([], [content])), 1))).toEqual([
      { type: 'read', records: [content], asked: 1, complete: true },
    ])
    expect(operations.wakeAtMs).toBeUndefined()
  })

  it('asks nobody for content that is here', () => {
    const { operations } = operationsOf()
    const effects = operations.handle(start({ type: 'read', want: 'content' }, ['0b1'], { target: content.key, here: [content] }), 0)
    expect([effects.length, outcomes(effects)]).toEqual([1, [{ type: 'read', records: [content], asked: 0, complete: true }]])
  })

  it('is not complete where nobody answered, or nobody could be asked', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'read', want: 'open' }), 0)
    const silent = operations.handle({ type: 'silent', asker: asker('find'), from: key('0b1') }, 1)
    expect(outcomes(silent)).toEqual([{ type: 'read', records: [], asked: 1, complete: false }])
    const unasked = operations.handle(start({ type: 'read', want: 'open' }, []), 2)
    expect(outcomes(unasked)).toEqual([{ type: 'read', records: [], asked: 0, complete: false }])
  })

  it('2: lets nothing out that does not hold', () => {
    const { operations } = operationsOf({ holds: false })
    operations.handle(start({ type: 'read', want: 'open' }), 0)
    expect(outcomes(operations.handle(answered('0b1', found([], [openRecord(target)])), 1))).toEqual([
      { type: 'read', records: [], asked: 1, complete: true },
    ])
  })
})

describe('writing', () => {
  const record = openRecord(target)
  const write: Purpose = { type: 'write', record, ifSeq: undefined }
  /** Peers closer to the target than this one. */
  const closer = Array.from({ length: replicas + 1 }, (_, i) => `0b111${i.toString(2).padStart(4, '0')}`)

  it('writes to the closest that answered, and here when this peer is one of them', () => {
    const { operations, kept } = operationsOf()
    operations.handle(start(write), 0)
    expect(operations.handle(answered('0b1', found()), 1)).toEqual([
      { type: 'ask', asker: asker('store'), to: key('0b1'), route: [], question: { type: 'store', record }, tries: 2 },
    ])
    expect(kept).toEqual([[record, undefined]])
    const effects = operations.handle(answered('0b1', { type: 'receipt', receipt: 'stored' }), 2)
    expect(outcomes(effects)).toEqual([
      {
        type: 'written',
        stored: 2,
        storedElsewhere: 1,
        wanted: 2,
        newer: undefined,
        conflict: false,
        full: 0,
        notKept: undefined,
        crowded: false,
      },
    ])
  })

  it.each([
    [replicas - 1, replicas - 1, 1],
    [replicas, replicas, 0],
    [replicas + 1, replicas, 0],
  ])('with %i closer peers asks %i of them, and keeps it %i times itself', (count, asked, keptHere) => {
    const { operations, kept } = operationsOf()
    const seeds = closer.slice(0, count)
    operations.handle(start(write, seeds), 0)
    const all = seeds.flatMap((from) => operations.handle(answered(from, found()), 1))
    expect(stores(all).length).toBe(asked)
    expect(kept.length).toBe(keptHere)
  })

  it('writes at once where a routed lookup led, over the ways it found', () => {
    const { operations, kept } = operationsOf()
    const closest = [
      { contact: contact('0b11'), route: [key('0b1')] },
      { contact: contact('0b1'), route: [] },
    ]
    const purpose = { type: 'write', record, ifSeq: 4n } as const
    const store = { type: 'ask', asker: asker('store'), question: { type: 'store', record, ifSeq: 4n }, tries: 2 }
    expect(operations.handle({ type: 'place', operation: 1, target, purpose, closest }, 100)).toEqual([
      { ...store, to: key('0b11'), route: [key('0b1')] },
      { ...store, to: key('0b1'), route: [] },
    ])
    expect([kept, operations.wakeAtMs]).toEqual([[[record, 4n]], 100 + operationTimeoutMs])
    for (const from of ['0b1', '0b11']) operations.handle(answered(from, { type: 'receipt', receipt: 'stored' }), 101)
    expect(operations.wakeAtMs).toBeUndefined()
  })

  it('does not wait for a late replica when most have it', () => {
    const { operations } = operationsOf()
    const seeds = ['0b1110001', '0b1110010', '0b1110011', '0b1110100']
    const receive = (from: string) => outcomes(operations.handle(answered(from, { type: 'receipt', receipt: 'stored' }), 3))
    operations.handle(start(write, seeds), 0)
    for (const from of seeds) operations.handle(answered(from, found()), 1)
    expect(operations.handle({ type: 'late', asker: asker('store'), from: key(seeds[3]!) }, 2)).toEqual([])
    expect([receive(seeds[0]!), receive(seeds[1]!)]).toEqual([[], []])
    expect(receive(seeds[2]!)).toMatchObject([{ type: 'written', storedElsewhere: 3, wanted: 5 }])
  })

  it('finishes at once where nobody is', () => {
    const { operations, kept } = operationsOf()
    expect(outcomes(operations.handle(start(write, []), 0))).toEqual([
      {
        type: 'written',
        stored: 0,
        storedElsewhere: 0,
        wanted: 0,
        newer: undefined,
        conflict: false,
        full: 0,
        notKept: undefined,
        crowded: false,
      },
    ])
    expect(kept).toEqual([])
  })

  it('hands the condition on, and says what stands against it', () => {
    const { operations, kept } = operationsOf({ receipt: 'conflict' })
    const newer = openRecord(target, { seq: 9 })
    operations.handle(start({ type: 'write', record, ifSeq: 4n }), 0)
    const asks = operations.handle(answered('0b1', found()), 1)
    expect(asks).toMatchObject([{ question: { type: 'store', ifSeq: 4n } }])
    expect(kept).toEqual([[record, 4n]])
    const effects = operations.handle(answered('0b1', { type: 'receipt', receipt: 'conflict', newer }), 2)
    expect(outcomes(effects)).toMatchObject([{ stored: 0, conflict: true, newer }])
  })

  it('2: does not pass on a newer record that does not hold', () => {
    const { operations } = operationsOf({ holds: false })
    operations.handle(start(write), 0)
    operations.handle(answered('0b1', found()), 1)
    const effects = operations.handle(answered('0b1', { type: 'receipt', receipt: 'stale', newer: ownedRecord('other', { seq: 9 }) }), 2)
    expect(outcomes(effects)).toMatchObject([{ newer: undefined }])
  })

  it('counts a silent replica as none', () => {
    const { operations } = operationsOf()
    operations.handle(start(write), 0)
    operations.handle(answered('0b1', found()), 1)
    expect(outcomes(operations.handle({ type: 'silent', asker: asker('store'), from: key('0b1') }, 2))).toMatchObject([
      { stored: 1, storedElsewhere: 0, wanted: 2 },
    ])
  })

  it('asks the linked peers when nobody whom the lookup found confirms: they may be made up', () => {
    const { operations } = operationsOf({ linked: ['0b1', '0b11'] })
    operations.handle(start(write), 0)
    operations.handle(answered('0b1', found()), 1)
    const wider = operations.handle({ type: 'silent', asker: asker('store'), from: key('0b1') }, 2)
    expect(stores(wider)).toEqual([key('0b11')])
    expect(outcomes(operations.handle(answered('0b11', { type: 'receipt', receipt: 'stored' }), 3))).toMatchObject([{ storedElsewhere: 1 }])
  })

  it('1: ends by its deadline as it stands', () => {
    const { operations } = operationsOf()
    operations.handle(start(write), 0)
    operations.handle(answered('0b1', found()), 100)
    expect(operations.wakeAtMs).toBe(100 + operationTimeoutMs)
    expect(outcomes(operations.handle({ type: 'woke' }, 100 + operationTimeoutMs))).toMatchObject([
      { type: 'written', stored: 1, wanted: 2 },
    ])
  })
})

describe('operations', () => {
  it('1: end by their deadline with what they have', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'read', want: 'open' }, ['0b1', '0b11']), 0)
    operations.handle(answered('0b1', found([], [openRecord(target)])), 1)
    expect(operations.wakeAtMs).toBe(operationTimeoutMs)
    expect(operations.handle({ type: 'woke' }, operationTimeoutMs - 1)).toEqual([])
    expect(outcomes(operations.handle({ type: 'woke' }, operationTimeoutMs))).toEqual([
      { type: 'read', records: [openRecord(target)], asked: 2, complete: false },
    ])
    expect(operations.handle(answered('0b11', found()), operationTimeoutMs + 1)).toEqual([])
  })

  it('that are cancelled say nothing more', () => {
    const { operations } = operationsOf()
    operations.handle(start({ type: 'look' }), 0)
    operations.handle({ type: 'cancelled', operation: 1 }, 1)
    expect(operations.handle(answered('0b1', found()), 2)).toEqual([])
    expect(operations.wakeAtMs).toBeUndefined()
  })

  it('beyond the bound are answered as if nobody were there', () => {
    const { operations } = operationsOf()
    for (let operation = 1; operation <= operationsMax; operation++) operations.handle(start({ type: 'look' }, ['0b1'], { operation }), 0)
    expect(outcomes(operations.handle(start({ type: 'look' }, ['0b1'], { operation: 999 }), 0))).toEqual([{ type: 'looked', closest: [] }])
  })

  it('1: finish once, whatever is answered, in whatever order', () => {
    const anyPurpose = fc.constantFrom<Purpose>(
      { type: 'look' },
      { type: 'locate' },
      { type: 'read', want: 'open' },
      { type: 'read', want: 'content' },
      { type: 'write', record: openRecord(target), ifSeq: undefined },
    )
    const bits = fc.constantFrom('0b1', '0b11', '0b111', '0b1111', '0b101', '0b01')
    const anyAnswer = fc.oneof(
      fc.constant(undefined),
      fc
        .tuple(fc.array(bits, { maxLength: 3 }), fc.boolean())
        .map(([named, has]) => found(named, has ? [openRecord(target), content] : [])),
    )
    fc.assert(
      fc.property(
        anyPurpose,
        fc.boolean(),
        fc.uniqueArray(bits, { maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), anyAnswer), { maxLength: 40 }),
        (purpose, forContent, seeds, answers) => {
          const { operations } = operationsOf()
          const underWay: OperationsEffect[] = []
          let finishes = 0
          const take = (effects: readonly OperationsEffect[]) => {
            for (const effect of effects) {
              if (effect.type === 'ask') underWay.push(effect)
              else if (effect.type === 'finish') finishes += 1
            }
          }
          take(operations.handle(start(purpose, seeds, forContent ? { target: content.key } : {}), 0))
          for (const [which, answer] of answers) {
            if (underWay.length === 0) break
            const [ask] = underWay.splice(which % underWay.length, 1)
            if (ask?.type !== 'ask') continue
            const { asker: by, to: from, route } = ask
            const fitting: Answer | undefined = by.step === 'store' ? { type: 'receipt', receipt: 'stored' } : answer
            take(
              operations.handle(
                fitting ? { type: 'answered', asker: by, from, route, answer: fitting } : { type: 'silent', asker: by, from },
                1,
              ),
            )
          }
          for (let wakes = 0; operations.wakeAtMs !== undefined && wakes < 5; wakes++)
            take(operations.handle({ type: 'woke' }, operations.wakeAtMs))
          expect([finishes, operations.wakeAtMs]).toEqual([1, undefined])
        },
      ),
      { numRuns: 500 },
    )
  })
})
