import { cipherSuite } from '../fixtures/cipher-suite.js'
import { latePartsWith } from '../late-parts.js'
import { describe, expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { nowUnixS, OtherEnd, sealing } from '../fixtures/other-end.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact } from '../fixtures/visible-key.js'
import { FreshIds } from '../fresh-ids.js'
import type { Carriage } from '../wire/letter.js'
import { trustInPeer } from './doorkeeper.js'
import { knockSkewMaxS } from './introductions.js'
import { Linking, type LinkingEffect } from './linking.js'
import { desktopLinkLimits } from './link-policy.js'

const [small, large] = ['0b01', '0b10']
const honest: Carriage = { by: 'meetingPoint', point: 0 }
const hostile: Carriage = { by: 'meetingPoint', point: 1 }
const minuteMs = 60_000
const dayS = 86_400
const [anOffer, aRefusal] = [{ type: 'offer' }, { type: 'write', body: { type: 'refusal', reason: 'busy' } }]
let nonces = 0

/** A peer, and another whose knocks a hostile carrier keeps. */
function pairOf(self: string, otherBits: string) {
  const other = contact(otherBits)
  const linking = new Linking(
    linkedTable(self, []),
    new FreshIds(seededRandom()),
    desktopLinkLimits,
    0,
    latePartsWith(cipherSuite),
    sealing,
  )
  const unixS = (nowMs: number) => nowUnixS + Math.floor(nowMs / 1_000)
  const end = new OtherEnd(other, contact(self).id)
  return {
    /** What the other end writes, by its clock: so many seconds before or after ours. */
    knock: (nowMs: number, skewS = 0) => end.knock((nonces++).toString(16).padStart(32, '0'), unixS(nowMs) + skewS),
    bring: (body: ReturnType<OtherEnd['knock']>, back: Carriage, nowMs: number) =>
      linking.handle({ type: 'introduction', from: other, body, back }, nowMs, unixS(nowMs)),
    /** This peer knocks itself. */
    begin: (nowMs: number) => {
      linking.handle({ type: 'met', point: 0, contacts: [other] }, nowMs, unixS(nowMs))
      return linking.handle({ type: 'introduce', contact: other, route: [] }, nowMs, unixS(nowMs))
    },
    /** The connections that were ordered are given up. */
    giveUp: (effects: readonly LinkingEffect[], nowMs: number) => {
      for (const effect of effects) if (effect.type === 'offer') linking.handle({ type: 'closed', link: effect.link }, nowMs, unixS(nowMs))
    },
  }
}

describe('a knock that somebody kept', () => {
  it('ends no set-up under way, whenever it was written', () => {
    const { knock, bring } = pairOf(small, large)
    const [ancient, recent] = [knock(0, -dayS), knock(0, -60)]
    expect(bring(knock(0), honest, 0)).toMatchObject([anOffer])
    expect(bring(ancient, hostile, 1)).toEqual([])
    expect(bring(recent, hostile, 2)).toEqual([])
    expect(bring(knock(0, dayS), hostile, 3)).toMatchObject([aRefusal])
    // Their own newer one does: what was being made is lost at their end.
    expect(bring(knock(4), honest, 4)).toMatchObject([{ type: 'end' }, anOffer])
  })

  it('does not take the place of a knock of our own, where that of the other end would stand', () => {
    const { knock, bring, begin, giveUp } = pairOf(large, small)
    const seen = knock(0)
    giveUp(bring(seen, honest, 0), 1)
    expect(begin(1)).toMatchObject([{ type: 'write', body: { type: 'knock', writtenUnixS: nowUnixS } }])
    expect(bring(knock(0, -dayS), hostile, 2)).toMatchObject([aRefusal])
    expect(bring(seen, hostile, 3)).toEqual([])
    expect(bring(knock(4), honest, 4)).toMatchObject([anOffer])
  })

  it.each([
    ['one, again and again', 0, true],
    ['one of yesterday, again and again', -dayS, true],
    ['many of yesterday', -dayS, false],
  ])('does not use up the trust in its writer: %s', (_, skewS, isOne) => {
    const { knock, bring, giveUp } = pairOf(small, large)
    const one = knock(0, skewS)
    let heard = 0
    for (let minute = 0; minute < 60; minute++) {
      const nowMs = minute * minuteMs
      // As often as the trust in its name would allow at once, and just before its own.
      for (let i = 0; i < trustInPeer.burst + 1; i++) giveUp(bring(isOne ? one : knock(0, skewS), hostile, nowMs), nowMs)
      const answer = bring(knock(nowMs + 1_000), honest, nowMs + 1_000)
      if (answer.some(({ type }) => type === 'offer')) heard += 1
      giveUp(answer, nowMs + 1_000)
    }
    expect(heard).toBe(60)
  })
})

describe('a peer whose clock is wrong', () => {
  it.each([
    ['slow', -dayS],
    ['fast', dayS],
  ])('is let in all the same, when nothing is under way with it: %s', (_, skewS) => {
    const { knock, bring, giveUp } = pairOf(small, large)
    const first = bring(knock(0, skewS), honest, 0)
    expect(first).toMatchObject([anOffer])
    expect(bring(knock(1, skewS + 1), honest, 1)).toMatchObject([aRefusal])
    giveUp(first, 2)
    expect(bring(knock(3, skewS + 1), honest, 3)).toMatchObject([anOffer])
  })

  it('begins anew at once within what clocks may differ by', () => {
    const { knock, bring } = pairOf(small, large)
    for (const skewS of [-knockSkewMaxS, knockSkewMaxS])
      expect(bring(knock(0, skewS), honest, 0)).toContainEqual({ type: 'offer', link: expect.any(Number) })
  })
})
