import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { contentRecord } from '../records/record.js'
import { Delivered, deliveredMax } from './delivered.js'

const target = key('0b0110')
const version = (seq: number, value = 'x', publisher = 1) => openRecord(target, { seq, value, publisher })
const unixS = 1_000

/** What of these is told, in this order. */
function told(...records: ReturnType<typeof version>[]) {
  const delivered = new Delivered()
  return records.filter((record) => delivered.isNews(record) && delivered.take(record, unixS))
}

describe('what one watch is told', () => {
  it('is each version once, and none after a later one', () => {
    const [one, two, three] = [version(1), version(2), version(3)]
    expect(told(one, one, three, two, three, one)).toEqual([one, three])
  })

  it('is, of two versions of one seq, the one that stays, and never the other after it', () => {
    const [one, other] = [version(1, 'one'), version(1, 'other')]
    expect(new Set([told(one, other).at(-1), told(other, one).at(-1)]).size).toBe(1)
  })

  it('is the record of each publisher', () => {
    const records = [version(5, 'x', 1), version(1, 'x', 2), version(3, 'x', 3)]
    expect(told(...records)).toEqual(records)
  })

  it('is the deletion of what it was told, once, and of nothing else', () => {
    const [there, deleted] = [version(1), version(2, '')]
    expect(told(there, deleted, deleted)).toEqual([there, deleted])
    expect(told(deleted)).toEqual([])
    expect(told(deleted, version(3, ''), version(4), version(5, ''))).toHaveLength(2)
  })

  it('is no content, which does not change', () => {
    expect(new Delivered().take(contentRecord(new Uint8Array(1)), unixS)).toBe(false)
  })
})

describe('the digest of what was told', () => {
  it('is the same for the same, in whatever order', () => {
    const [one, other] = [version(1, 'x', 1), version(1, 'x', 2)]
    const digests = [[one, other], [other, one], [one]].map((records) => {
      const delivered = new Delivered()
      for (const record of records) delivered.take(record, unixS)
      return delivered.digest(unixS)
    })
    expect(digests[0]).toBe(digests[1])
    expect(digests[0]).not.toBe(digests[2])
  })

  it('knows nothing of what has expired', () => {
    const delivered = new Delivered()
    delivered.take(openRecord(target, { expiresUnixS: 2_000, value: 'x' }), unixS)
    expect(delivered.digest(1_999)).not.toBe(new Delivered().digest(unixS))
    expect(delivered.digest(2_000)).toBe(new Delivered().digest(unixS))
  })
})

describe('room', () => {
  it('is for so many publishers, and again when theirs expire', () => {
    const delivered = new Delivered()
    const of = (name: number, expiresUnixS: number) =>
      openRecord(key(`0b${name.toString(2).padStart(10, '0')}`), { expiresUnixS, value: 'x' })
    for (let i = 0; i < deliveredMax; i++) expect(delivered.take(of(i, 2_000), unixS)).toBe(true)
    expect(delivered.take(of(deliveredMax, 5_000), unixS)).toBe(false)
    expect(delivered.take(of(deliveredMax, 5_000), 2_000)).toBe(true)
  })
})
