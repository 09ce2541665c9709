import { describe, expect, it } from 'vitest'
import { cipherSuite } from '../fixtures/cipher-suite.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { latePartsWith } from '../late-parts.js'
import { NeighbourList } from '../links/neighbour-list.js'
import { Overlay } from '../overlay.js'
import type { OverlayEffect } from '../overlay-event.js'
import { hopsMax, type Message, type MessageId, type Seek } from '../wire/message.js'

const target = key('0b1111')
const [first, second, next] = ['0b0100 1', '0b0001', '0b1110'].map(contact)
const links = { first: -1, second: -2, next: -3 }
const idOf = (number: number): MessageId => `${number}`.padStart(16, '0')

/** A relay between two that ask and the one that leads to what they ask for. */
function relay() {
  const late = latePartsWith(cipherSuite)
  const overlay = new Overlay({ contact: contact('0b0100'), verify: () => true, late, random: seededRandom(1), nowMs: 0, unixMs: 0 })
  const laidOut = [first!, second!, next!].map((one, i) => ({ link: -1 - i, contact: one, rttMs: 50, neighbours: NeighbourList.empty }))
  overlay.handle({ type: 'laidOut', links: laidOut }, 0)
  const say = (link: number, message: Message, nowMs: number) => sent(overlay.handle({ type: 'received', link, message }, nowMs))
  return { overlay, say }
}

const sent = (effects: readonly OverlayEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'send' ? [{ link: effect.link, message: effect.message }] : []))

const seekOf = (number: number, asker = first!): Seek => ({
  type: 'seek',
  id: idOf(number),
  target,
  want: 'open',
  path: [asker.id],
  avoid: [],
  hopsLeft: hopsMax,
})

/** That nothing is there, on its way back to who asked. */
const answerTo = (number: number, asker = first!): Message => ({
  type: 'envelope',
  destination: asker.id,
  route: [key('0b0100'), asker.id],
  path: [next!.id],
  hopsLeft: hopsMax,
  payload: { type: 'response', id: idOf(number), answer: { type: 'found', contacts: [next!], records: [] } },
})

/** Two ask the same: the first question is on its way, the second waits. */
function asked() {
  const scene = relay()
  expect(scene.say(links.first, seekOf(1), 0).map(({ link }) => link)).toEqual([links.first, links.next])
  const taken = { type: 'taken', id: idOf(2) }
  expect(scene.say(links.second, seekOf(2, second), 1)).toEqual([{ link: links.second, message: taken }])
  return scene
}

describe('a question that waits for the answer to an equal one', () => {
  it('has it when it comes', () => {
    const { say } = asked()
    expect(say(links.next, answerTo(1), 20).map(({ link }) => link)).toEqual([links.second, links.first])
  })

  it('has it although who asked first has gone', () => {
    const { overlay, say } = asked()
    overlay.handle({ type: 'closed', link: links.first }, 10)
    expect(say(links.next, answerTo(1), 20).map(({ link }) => link)).toEqual([links.second])
  })

  it('goes on at once when the first has ended here', () => {
    const { say } = asked()
    const out = say(links.next, { type: 'declined', id: idOf(1) }, 20)
    expect(out.map(({ link, message }) => [link, message.type])).toEqual([
      [links.first, 'envelope'],
      [links.next, 'seek'],
    ])
  })

  it('does not take one from whom the first was not passed to: its asker could make one up', () => {
    const { say } = asked()
    const madeUp: Message = { ...(answerTo(1) as Extract<Message, { type: 'envelope' }>), route: [], path: [first!.id] }
    expect(say(links.first, madeUp, 10).map(({ link }) => link)).toEqual([links.first])
    expect(say(links.next, answerTo(1), 20).map(({ link }) => link)).toEqual([links.second, links.first])
  })
})
