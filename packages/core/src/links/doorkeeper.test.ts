import { describe, expect, it } from 'vitest'
import { contact, key } from '../fixtures/visible-key.js'
import type { Contact } from '../keys/public-key.js'
import type { Carriage } from '../wire/letter.js'
import { dialBurst, dialCredit, dialsPerMinute } from './dial-budget.js'
import { Doorkeeper, type Guest, rememberedMax, trustInAll, trustInCarrier, trustInPeer, trustInSiblings } from './doorkeeper.js'

const byPoint = (point: number): Carriage => ({ by: 'meetingPoint', point })
const byLink = (via: string): Carriage => ({ by: 'overlay', route: [key(via)] })
/** As many different peers as are wanted. */
const peer = (i: number) => contact(`0b${i.toString(2).padStart(16, '0')}`)
let knocks = 0
const guest = (one: Contact, back: Carriage, rest: Partial<Guest> = {}): Guest => ({
  ...{ contact: one, why: 'app', nonce: `${knocks++}`, back, isClockOff: false, isAwaited: false },
  ...rest,
})
const minuteMs = 60_000

describe('a doorkeeper', () => {
  it('listens to everybody who comes in, as often as they come', () => {
    const doorkeeper = new Doorkeeper(0)
    for (let i = 0; i < 300; i++) {
      expect(doorkeeper.lets(guest(peer(i % 5), byPoint(0)), false, 0)).toBe('yes')
      doorkeeper.linked(peer(i % 5).id, 0)
    }
  })

  it('listens to whoever only knocks a few times, then once in a while', () => {
    const doorkeeper = new Doorkeeper(0)
    const heard = Array.from({ length: 10 }, () => doorkeeper.lets(guest(peer(1), byPoint(0)), false, 0)).filter(
      (answer) => answer === 'yes',
    )
    expect(heard).toHaveLength(trustInPeer.burst)
    expect(doorkeeper.lets(guest(peer(2), byPoint(0)), false, 0)).toBe('yes')
    expect(doorkeeper.lets(guest(peer(1), byPoint(0)), false, minuteMs / trustInPeer.perMinute)).toBe('yes')
  })

  it('listens less to who brings such knocks, and as before to others', () => {
    const doorkeeper = new Doorkeeper(0)
    const heard = Array.from({ length: 60 }, (_, i) => doorkeeper.lets(guest(peer(i), byLink('0b1')), false, 0)).filter(
      (answer) => answer === 'yes',
    )
    expect(heard).toHaveLength(trustInCarrier.burst)
    expect(doorkeeper.lets(guest(peer(100), byLink('0b01')), false, 0)).toBe('yes')
    expect(doorkeeper.lets(guest(peer(101), byPoint(0)), false, 0)).toBe('yes')
  })

  it('leaves some of the dials of every minute to this peer, whoever knocks, over however many ways', () => {
    const doorkeeper = new Doorkeeper(0)
    const heardIn = (minute: number) =>
      Array.from({ length: 400 }, (_, i) =>
        doorkeeper.lets(guest(peer(minute * 400 + i), byLink(`0b1${i.toString(2)}`)), i % 2 === 0, minute * minuteMs),
      ).filter((answer) => answer === 'yes').length
    expect(heardIn(0)).toBe(trustInAll.burst + trustInSiblings.burst)
    expect(trustInAll.burst + trustInSiblings.burst).toBeLessThan(dialBurst + dialCredit)
    let heard = 0
    for (let minute = 1; minute <= 20; minute++) heard += heardIn(minute)
    expect(heard / 20).toBeLessThan(dialsPerMinute - 1)
    expect(heard).toBeGreaterThan(0)
  })

  it('remembers no more than so many', () => {
    const doorkeeper = new Doorkeeper(0)
    let most = 0
    for (let i = 0; i < 4 * rememberedMax; i++) {
      doorkeeper.lets(guest(peer(i), byLink(`0b1${i.toString(2)}1`)), false, 0)
      most = Math.max(most, doorkeeper.remembered)
    }
    expect(most).toBe(rememberedMax)
  })

  it('remembers nobody who owes nothing any more', () => {
    const doorkeeper = new Doorkeeper(0)
    for (let i = 0; i < 10; i++) doorkeeper.lets(guest(peer(i), byLink(`0b1${i.toString(2)}1`)), false, 0)
    expect(doorkeeper.remembered).toBe(20)
    // All of them have waited long enough. Whoever comes now is lent something, and so is its carrier.
    const laterMs = minuteMs / Math.min(trustInPeer.perMinute, trustInCarrier.perMinute)
    doorkeeper.lets(guest(peer(10), byPoint(0)), false, laterMs)
    expect(doorkeeper.remembered).toBe(2)
    doorkeeper.linked(peer(10).id, laterMs)
    expect(doorkeeper.remembered).toBe(0)
  })
})
