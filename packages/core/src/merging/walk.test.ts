import { describe, expect, it } from 'vitest'
import { contact, key } from '../fixtures/visible-key.js'
import { contacts } from '../fixtures/linked-table.js'
import { arrivedCount, stepsMax, Walk } from './walk.js'

const self = key('0b0')
const target = key('0b1111')
const walkFrom = (bits: string) => new Walk(self, target, { contact: contact(bits), route: [] })
const nextOf = (walk: Walk) => walk.next()?.contact.id.hex

describe('a walk', () => {
  it('asks the closest of those it was told of, through whoever named them', () => {
    const walk = walkFrom('0b01')
    expect(walk.next()).toMatchObject({ contact: contact('0b01'), route: [] })
    expect(walk.next()).toBeUndefined()
    walk.answered(key('0b01'), contacts('0b10', '0b110'))
    expect(walk.next()).toMatchObject({ contact: contact('0b110'), route: [key('0b01')] })
    walk.answered(key('0b110'), contacts('0b1110'))
    expect(walk.next()).toMatchObject({ contact: contact('0b1110'), route: [key('0b01'), key('0b110')] })
  })

  it('is over when the closest have answered, and has then met who is there', () => {
    const walk = walkFrom('0b01')
    const seen: (string | undefined)[] = []
    const answers = [contacts('0b10', '0b110', '0b1110'), contacts('0b110', '0b11111'), [], [], []]
    for (const answer of answers) {
      const asked = walk.next()
      seen.push(asked?.contact.id.hex)
      if (asked) walk.answered(asked.contact.id, answer)
    }
    expect(seen).toEqual([...['0b01', '0b1110', '0b11111', '0b110'].map((bits) => key(bits).hex), undefined])
    expect(walk.hasMet(key('0b11111'))).toBe(true)
    expect(walk.hasMet(target)).toBe(false)
    expect(walk.found(arrivedCount).map(({ contact: { id } }) => id.hex)).toEqual(
      ['0b11111', '0b1110', '0b110'].map((bits) => key(bits).hex),
    )
  })

  it('goes around the silent, and ignores answers of those it did not ask', () => {
    const walk = walkFrom('0b01')
    walk.next()
    walk.answered(key('0b01'), contacts('0b10', '0b1110'))
    walk.answered(key('0b10'), contacts('0b11111'))
    expect(nextOf(walk)).toBe(key('0b1110').hex)
    walk.silent(key('0b1110'))
    expect(nextOf(walk)).toBe(key('0b10').hex)
    expect(walk.hasMet(key('0b11111'))).toBe(false)
  })

  it('never asks this peer itself, nor more than its bound, whatever it is told', () => {
    const walk = walkFrom('0b01')
    let asked = 0
    for (let next = walk.next(); next; next = walk.next()) {
      asked += 1
      // A liar that always knows somebody closer.
      walk.answered(next.contact.id, [contact('0b0'), contact(`0b1111${'0'.repeat(asked)}1`)])
    }
    expect(asked).toBe(stepsMax)
    expect(walk.hasMet(self)).toBe(false)
  })
})
