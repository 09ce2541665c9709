import { describe, expect, test } from 'vitest'
import type { MessageId } from './message.js'
import { firstWaitMs, lastWaitMs, Outbox, receiptTimeoutMs, seekTimeoutMs } from './outbox.js'
import type { UserKey } from './user-key.js'

const contact = 'a'.repeat(64) as UserKey
const other = 'b'.repeat(64) as UserKey
const [one, two] = ['1'.repeat(32), '2'.repeat(32)] as [MessageId, MessageId]

const seek = { type: 'seek', contact }
const send = (id: MessageId) => ({ type: 'send', contact, id })

/** An outbox whose one message went out at 0, and waits for its receipt. */
function reached(id: MessageId): Outbox {
  const outbox = new Outbox()
  outbox.handle({ type: 'queued', contact, id }, 0)
  outbox.handle({ type: 'reached', contact }, 0)
  return outbox
}

describe('a message for a contact', () => {
  test('who is not reached: they are looked for, then it is sent, then it is gone when its receipt comes', () => {
    const outbox = new Outbox()
    expect(outbox.handle({ type: 'queued', contact, id: one }, 0)).toEqual([seek])
    expect(outbox.handle({ type: 'queued', contact, id: two }, 1)).toEqual([])
    expect(outbox.handle({ type: 'reached', contact }, 100)).toEqual([send(one), send(two)])
    expect(outbox.handle({ type: 'delivered', contact, id: one }, 200)).toEqual([])
    expect(outbox.handle({ type: 'delivered', contact, id: two }, 201)).toEqual([])
    expect(outbox.wakeAtMs).toBeUndefined()
  })

  test('who is reached: what comes meanwhile is sent at once, and once', () => {
    const outbox = reached(one)
    expect(outbox.handle({ type: 'queued', contact, id: two }, 10)).toEqual([send(two)])
    expect(outbox.handle({ type: 'queued', contact, id: two }, 11)).toEqual([])
    expect(outbox.handle({ type: 'reached', contact }, 12)).toEqual([])
  })

  test('whose line closes before the receipt: it is sent again on the next line', () => {
    const outbox = reached(one)
    expect(outbox.handle({ type: 'lost', contact }, 1_000)).toEqual([])
    expect(outbox.wakeAtMs).toBe(1_000 + firstWaitMs)
    expect(outbox.handle({ type: 'woke' }, 1_000 + firstWaitMs)).toEqual([seek])
    expect(outbox.handle({ type: 'reached', contact }, 4_000)).toEqual([send(one)])
  })

  test('one of whose lines closes before the receipt: it is sent again at once on the other', () => {
    const outbox = reached(one)
    expect(outbox.handle({ type: 'rerouted', contact }, 1_000)).toEqual([send(one)])
  })

  test('who takes messages and answers none: the line is given up and they are looked for again', () => {
    const outbox = reached(one)
    expect(outbox.wakeAtMs).toBe(receiptTimeoutMs)
    expect(outbox.handle({ type: 'woke' }, receiptTimeoutMs)).toEqual([{ type: 'hangUp', contact }])
    expect(outbox.handle({ type: 'lost', contact }, receiptTimeoutMs + 1)).toEqual([])
    expect(outbox.handle({ type: 'woke' }, receiptTimeoutMs + firstWaitMs)).toEqual([seek])
  })

  test('that another tab is sending waits its time', () => {
    const outbox = reached(one)
    expect(outbox.handle({ type: 'queued', contact, id: two, notBeforeMs: 500 }, 0)).toEqual([])
    expect(outbox.wakeAtMs).toBe(500)
    expect(outbox.handle({ type: 'woke' }, 500)).toEqual([send(two)])
  })

  test('who is forgotten goes nowhere', () => {
    const outbox = new Outbox()
    outbox.handle({ type: 'queued', contact, id: one }, 0)
    outbox.handle({ type: 'forgotten', contact }, 1)
    expect(outbox.wakeAtMs).toBeUndefined()
    expect(outbox.handle({ type: 'reached', contact }, 2)).toEqual([])
  })
})

describe('the search', () => {
  test('waits twice as long after each vain one, and never longer than a minute', () => {
    const outbox = new Outbox()
    outbox.handle({ type: 'queued', contact, id: one }, 0)
    const waits = Array.from({ length: 8 }, () => {
      const nowMs = 1_000_000
      outbox.handle({ type: 'notFound', contact }, nowMs)
      const wait = outbox.wakeAtMs! - nowMs
      expect(outbox.handle({ type: 'woke' }, nowMs + wait - 1)).toEqual([])
      expect(outbox.handle({ type: 'woke' }, nowMs + wait)).toEqual([seek])
      return wait
    })
    expect(waits.slice(0, 4)).toEqual([firstWaitMs, 2 * firstWaitMs, 4 * firstWaitMs, 8 * firstWaitMs])
    expect(waits.at(-1)).toBe(lastWaitMs)
  })

  test('begins at once when they are seen, but not twice', () => {
    const outbox = new Outbox()
    outbox.handle({ type: 'queued', contact, id: one }, 0)
    expect(outbox.handle({ type: 'seen', contact }, 1)).toEqual([])
    outbox.handle({ type: 'notFound', contact }, 2)
    expect(outbox.handle({ type: 'seen', contact }, 3)).toEqual([seek])
  })

  test('that is never answered is taken for vain', () => {
    const outbox = new Outbox()
    outbox.handle({ type: 'queued', contact, id: one }, 0)
    expect(outbox.handle({ type: 'woke' }, seekTimeoutMs)).toEqual([])
    expect(outbox.handle({ type: 'woke' }, seekTimeoutMs + firstWaitMs)).toEqual([seek])
  })

  test('is for those alone for whom something waits', () => {
    const outbox = new Outbox()
    expect(outbox.handle({ type: 'seen', contact: other }, 0)).toEqual([])
    expect(outbox.handle({ type: 'lost', contact: other }, 0)).toEqual([])
    expect(outbox.wakeAtMs).toBeUndefined()
  })

  test('begins anew for whom nothing waited: of callers, and of those whose last message is delivered, nothing is kept', () => {
    const outbox = new Outbox()
    expect(outbox.handle({ type: 'reached', contact: other }, 0)).toEqual([])
    expect(outbox.handle({ type: 'queued', contact: other, id: one }, 1)).toEqual([{ type: 'seek', contact: other }])
    expect(outbox.handle({ type: 'reached', contact: other }, 2)).toEqual([{ type: 'send', contact: other, id: one }])
    outbox.handle({ type: 'delivered', contact: other, id: one }, 3)
    expect(outbox.handle({ type: 'queued', contact: other, id: two }, 4)).toEqual([{ type: 'seek', contact: other }])
  })

  test('copes with a clock that jumped: a laptop that slept', () => {
    const outbox = reached(one)
    expect(outbox.handle({ type: 'woke' }, 1e9)).toEqual([{ type: 'hangUp', contact }])
    expect(outbox.handle({ type: 'woke' }, 2e9)).toEqual([seek])
  })
})
