import type { Key } from '../keys/key.js'
import { compareRecords, type Record, recordId } from '../records/record.js'
import type { Found } from './lookup.js'

/** Records that one lookup repairs at one peer: the rest is replication's. */
export const repairsMax = 4

/** What one peer answered a lookup with. */
export interface Brought {
  readonly from: Key
  readonly route: readonly Key[]
  readonly records: readonly Record[]
}

/** This peer should have the record and answered without it, or with an older version. */
export interface Repair {
  readonly type: 'repair'
  readonly record: Record
  readonly to: Key
  readonly route: readonly Key[]
}

export type RepairsOf = (best: readonly Record[], brought: readonly Brought[], closest: readonly Found[]) => Repair[]

/** Read repair: the best that a lookup has found goes to those of the closest that answered without it, however often each of them did. */
export const repairsOf: RepairsOf = (best, brought, closest) => {
  return closest.flatMap(({ contact: { id: to } }) => {
    const answers = brought.filter(({ from }) => from.equals(to))
    const [first] = answers
    const has = (record: Record) =>
      answers.some(({ records }) => records.some((other) => recordId(other) === recordId(record) && compareRecords(other, record) >= 0))
    const lacking = first ? best.slice(0, repairsMax).filter((record) => !has(record)) : []
    return lacking.map((record): Repair => ({ type: 'repair', record, to, route: first!.route }))
  })
}
