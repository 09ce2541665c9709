import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openRecord } from '../fixtures/made-up-record.js'
import { key } from '../fixtures/visible-key.js'
import { compareRecords, contentRecord, recordId, seqMax } from '../records/record.js'
import { recordVersion, versionsDigest } from './record-version.js'

const target = key('0b0110')
const anyVersion = fc
  .record({ seq: fc.oneof(fc.nat(3), fc.bigInt(0n, seqMax)), value: fc.string({ maxLength: 3 }) })
  .map(({ seq, value }) => ({ ...openRecord(target, { value }), seq: BigInt(seq) }))

describe('the version of a record, as text', () => {
  it('is ordered as stores order records', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (a, b) => {
        const [left, right] = [recordVersion(a), recordVersion(b)]
        expect(Math.sign(compareRecords(a, b))).toBe(left === right ? 0 : left > right ? 1 : -1)
      }),
    )
  })

  it('of content is of seq 0', () => {
    expect(recordVersion(contentRecord(new Uint8Array(3)))).toMatch(/^0{16}[0-9a-f]{16}$/)
  })
})

describe('the digest of versions', () => {
  it('is of ids and versions, in no order', () => {
    const [one, other] = [openRecord(target), openRecord(target, { publisher: 2 })]
    const pairs = [one, other].map((record) => [recordId(record), recordVersion(record)] as const)
    expect(versionsDigest(pairs)).toBe(versionsDigest(pairs.toReversed()))
    expect(versionsDigest(pairs)).not.toBe(versionsDigest(pairs.slice(1)))
    expect(versionsDigest([])).toMatch(/^[0-9a-f]{16}$/)
  })
})
