import { describe, expect, it } from 'vitest'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { Mail } from '../wire/letter.js'
import { lookAgainMs, mailAgeMaxS, MailRoom, type MailEffect, mailsMax, mailTryMs, rememberedMailsMax } from './mail.js'

const reader = key('0b1')
const writer = contact('0b01')
const data = Uint8Array.from([1, 2])
const unixS = 1_700_000_000
const way = [key('0b11')]

const roomOf = () => new MailRoom(new FreshIds(seededRandom()))
const send = (operation = 1) => ({ type: 'send', operation, to: reader, data, unixS }) as const
const mail = (mailId: string, writtenUnixS = unixS): Extract<Mail, { type: 'mail' }> => ({ type: 'mail', mailId, writtenUnixS, data })
const came = (body: Mail, back: readonly Key[] | undefined = way, from = writer) => ({ type: 'letter', from, body, back, unixS }) as const
const spoken = (body: Mail) => ({ ...came(body), back: undefined }) as const
const id = '01'.repeat(8)

function written(effects: readonly MailEffect[]): Extract<MailEffect, { type: 'write' }> {
  const [first] = effects
  if (first?.type !== 'write') throw new Error('Nothing written')
  return first
}

describe('sending mail', () => {
  it('writes it, and ends with the receipt', () => {
    const room = roomOf()
    const { body, to, route } = written(room.handle(send(), 0))
    expect([to, route, body]).toMatchObject([reader, undefined, { type: 'mail', writtenUnixS: unixS, data }])
    const received: Mail = { type: 'received', mailId: body.type === 'mail' ? body.mailId : '' }
    expect(room.handle(came(received), 1)).toEqual([])
    expect(room.handle(came({ ...received, mailId: id }, way, contact('0b1')), 1)).toEqual([])
    expect(room.handle(came(received, way, contact('0b1')), 2)).toEqual([{ type: 'finish', operation: 1, outcome: 'received' }])
    expect(room.handle(came(received, way, contact('0b1')), 3)).toEqual([])
    expect(room.wakeAtMs).toBeUndefined()
  })

  it('1: looks for a reader that does not answer, tries twice the way it found, and gives up', () => {
    const room = roomOf()
    const first = written(room.handle(send(), 0))
    expect(room.wakeAtMs).toBe(mailTryMs)
    expect(room.handle({ type: 'woke' }, mailTryMs)).toEqual([{ type: 'locate', operation: 1, target: reader }])
    expect(room.wakeAtMs).toBeUndefined()
    const second = written(room.handle({ type: 'located', operation: 1, route: way }, 10_000))
    expect(second).toMatchObject({ route: way, body: first.body })
    const third = written(room.handle({ type: 'woke' }, 10_000 + mailTryMs))
    expect(third.body).toEqual(first.body)
    expect(new Set([first.id, second.id, third.id]).size).toBe(3)
    expect(room.handle({ type: 'woke' }, 10_000 + 2 * mailTryMs)).toEqual([{ type: 'finish', operation: 1, outcome: 'unreachable' }])
  })

  it('1: does not wait for what is known to be undeliverable', () => {
    const room = roomOf()
    const first = written(room.handle(send(), 0))
    expect(room.handle({ type: 'undeliverable', letter: id }, 1)).toEqual([])
    expect(room.handle({ type: 'undeliverable', letter: first.id }, 1)).toEqual([{ type: 'locate', operation: 1, target: reader }])
    expect(room.handle({ type: 'undeliverable', letter: first.id }, 1)).toEqual([])
    expect(room.handle({ type: 'located', operation: 1, route: way }, 2)).toMatchObject([{ type: 'write', route: way }])
  })

  it('1: looks for the reader twice, then gives up', () => {
    const room = roomOf()
    const first = written(room.handle(send(), 0))
    room.handle({ type: 'undeliverable', letter: first.id }, 1)
    expect(room.handle({ type: 'located', operation: 1, route: undefined }, 2)).toEqual([])
    expect(room.wakeAtMs).toBe(2 + lookAgainMs)
    expect(room.handle({ type: 'woke' }, 2 + lookAgainMs)).toEqual([{ type: 'locate', operation: 1, target: reader }])
    expect(room.handle({ type: 'located', operation: 1, route: undefined }, 9_000)).toEqual([
      { type: 'finish', operation: 1, outcome: 'unreachable' },
    ])
    expect(room.handle({ type: 'located', operation: 1, route: way }, 9_001)).toEqual([])
  })

  it('that is cancelled says nothing more', () => {
    const room = roomOf()
    room.handle(send(), 0)
    expect(room.handle({ type: 'cancelled', operation: 1 }, 1)).toEqual([])
    expect([room.wakeAtMs, room.handle({ type: 'woke' }, mailTryMs)]).toEqual([undefined, []])
  })

  it('beyond its bound is told at once that there are too many', () => {
    const room = roomOf()
    for (let operation = 1; operation <= mailsMax; operation++) room.handle(send(operation), 0)
    expect(room.handle(send(999), 0)).toEqual([{ type: 'finish', operation: 999, outcome: 'tooMany' }])
  })
})

describe('receiving mail', () => {
  const delivered = (effects: readonly MailEffect[]) => effects.filter(({ type }) => type === 'deliver').length

  it('receipts it the way it came, and delivers it', () => {
    expect(roomOf().handle(came(mail(id)), 0)).toMatchObject([
      { type: 'write', to: writer.id, body: { type: 'received', mailId: id }, route: way },
      { type: 'deliver', from: writer, data },
    ])
  })

  it('2, 3: delivers it once, and receipts every copy', () => {
    const room = roomOf()
    room.handle(came(mail(id)), 0)
    expect(room.handle(came(mail(id)), 1)).toMatchObject([{ type: 'write', body: { type: 'received' } }])
    expect(delivered(room.handle(spoken(mail(id)), 2))).toBe(0)
    expect(delivered(room.handle(came(mail(id), way, contact('0b001')), 3))).toBe(1)
  })

  it.each([
    ['is believed while it is young', unixS - mailAgeMaxS, 1],
    ['is believed from a clock that is ahead', unixS + mailAgeMaxS, 1],
    ['is not believed when it is old: it could be a replay', unixS - mailAgeMaxS - 1, 0],
    ['is not believed from the future', unixS + mailAgeMaxS + 1, 0],
  ])('%s', (_, writtenUnixS, times) => expect(delivered(roomOf().handle(came(mail(id, writtenUnixS)), 0))).toBe(times))

  it('spoken over a link is believed whatever its time', () => {
    expect(delivered(roomOf().handle(spoken(mail(id, 0)), 0))).toBe(1)
  })

  it('2: remembers so many', () => {
    const room = roomOf()
    const name = (i: number) => i.toString(16).padStart(16, '0')
    for (let i = 0; i <= rememberedMailsMax; i++) room.handle(came(mail(name(i))), 0)
    expect(delivered(room.handle(came(mail(name(1))), 0))).toBe(0)
    expect(delivered(room.handle(came(mail(name(0))), 0))).toBe(1)
  })
})
