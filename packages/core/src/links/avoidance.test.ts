import { describe, expect, it } from 'vitest'
import { seededRandom } from '../fixtures/seeded-random.js'
import { key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { avoidedMax, Avoidance, failureMs, silenceMs } from './avoidance.js'

const peer = key('0b01')
const hourMs = 3_600_000

/** Until when, to the millisecond, the peer is left alone after `note` at 0. */
function endsAtMs(avoidance: Avoidance): number {
  let [low, high] = [0, 2 * hourMs]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (avoidance.includes(peer, middle)) low = middle
    else high = middle
  }
  return high
}

describe('avoidance', () => {
  it('leaves a silent peer alone for twice as long each time, up to an hour', () => {
    const avoidance = new Avoidance()
    for (let times = 1; times <= 20; times++) {
      expect(avoidance.note(peer, 'silent', 0)).toBe(times)
      expect(endsAtMs(avoidance)).toBe(Math.min(silenceMs * 2 ** (times - 1), hourMs))
    }
  })

  it('leaves a pair that failed alone for longer each time, and for an hour in the end', () => {
    const avoidance = new Avoidance()
    for (const lengthMs of [...failureMs, hourMs, hourMs]) {
      avoidance.note(peer, 'failed', 0)
      expect(endsAtMs(avoidance)).toBe(lengthMs)
    }
  })

  it('takes a peer that was silent, and one that a set-up failed with, for two things', () => {
    const avoidance = new Avoidance()
    for (const what of ['silent', 'silent', 'failed'] as const) avoidance.note(peer, what, 0)
    expect(endsAtMs(avoidance)).toBe(failureMs[0])
    expect(avoidance.note(peer, 'silent', 0)).toBe(3)
  })

  it('comes back when it was told to', () => {
    const avoidance = new Avoidance()
    avoidance.noteUntil(peer, 5_000)
    expect(endsAtMs(avoidance)).toBe(5_000)
  })

  it('forgives everything once there is a link', () => {
    const avoidance = new Avoidance()
    avoidance.note(peer, 'failed', 0)
    avoidance.forgive(peer)
    expect(avoidance.includes(peer, 1)).toBe(false)
    expect(avoidance.note(peer, 'failed', 0)).toBe(1)
  })

  it('knows no peer that it was not told of', () => expect(new Avoidance().includes(peer, 0)).toBe(false))

  it('forgets the oldest beyond its bound', () => {
    const avoidance = new Avoidance()
    const random = seededRandom()
    const peers = Array.from({ length: avoidedMax + 1 }, () => Key.fromBytes(random(keyBytes)))
    for (const id of peers) avoidance.note(id, 'failed', 0)
    expect(peers.filter((id) => avoidance.includes(id, 1))).toEqual(peers.slice(1))
  })
})
