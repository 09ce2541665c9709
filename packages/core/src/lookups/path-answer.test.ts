import { describe, expect, it } from 'vitest'
import { contacts } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { replicas } from '../wire/message.js'
import { closestOf, type PathAnswer } from './path-answer.js'

const target = key('0b1111')
const answerOf = (from: string, route: readonly string[], named: readonly string[]): PathAnswer => ({
  from: key(from),
  route: route.map(key),
  contacts: contacts(...named),
  hasRecord: false,
  isPlausible: true,
})

describe('the closest of several answers', () => {
  it('are all that were named, the closest first, each with the shortest way to it', () => {
    const answers = [answerOf('0b1', ['0b01'], ['0b1', '0b1111', '0b101']), answerOf('0b1110', [], ['0b1110', '0b1111'])]
    expect(closestOf(target, answers)).toEqual([
      { contact: contact('0b1111'), route: [key('0b1110')] },
      { contact: contact('0b1110'), route: [] },
      { contact: contact('0b101'), route: [key('0b01'), key('0b1')] },
      { contact: contact('0b1'), route: [key('0b01')] },
    ])
  })

  it('are no more than keep a record', () => {
    const many = Array.from({ length: replicas + 4 }, (_, i) => `0b1${i.toString(2).padStart(5, '0')}`)
    expect(closestOf(target, [answerOf('0b1', [], many)]).length).toBe(replicas)
  })
})
