import { describe, expect, it } from 'vitest'
import { contact, key } from '../fixtures/visible-key.js'
import { contentRecord } from '../records/record.js'
import { versionDigest } from '../records/record-version.js'
import { type Claim, Confirmations, confirmationsMax, witnessesMax } from './confirmations.js'
import type { Found } from './lookup.js'

const record = contentRecord(new Uint8Array(3))
const liar = '0b1111'
const honest = ['0b0001', '0b0010', '0b0011', '0b0100']
const found = (...bits: string[]): Found[] => bits.map((one) => ({ contact: contact(one), route: [] }))

/** What the liar says: these have it. */
function claimOf(named: readonly string[] = honest, passed: readonly string[] = [liar]): Claim {
  const replicas = named.map((one) => ({ contact: contact(one), receipt: 'stored' as const }))
  return {
    order: { record, all: false },
    answer: { from: key(liar), route: [], replicas, newer: undefined },
    passed: passed.map((one) => key(one)),
  }
}

function claimed(claim = claimOf()) {
  const confirmations = new Confirmations()
  const [look] = confirmations.handle({ type: 'claimed', claim })
  const looked = (closest: Found[] | undefined, asked = 1) => confirmations.handle({ type: 'looked', confirmation: 1, closest, asked })
  const compared = (lacks: boolean | undefined) =>
    confirmations.handle({
      type: 'compared',
      asker: { for: 'confirmation', confirmation: 1 },
      lacking: lacks === undefined ? undefined : lacks ? [versionDigest(record)] : [],
    })
  return { confirmations, look, looked, compared }
}

const ends = (effects: ReturnType<Confirmations['handle']>) =>
  effects.map(({ type }) => type).filter((type) => type === 'confirmed' || type === 'refuted')

describe('what the end of a path says of a record', () => {
  it('is asked of others, whom a lookup leads to that goes round who said it', () => {
    const { look, looked } = claimed()
    expect(look).toMatchObject({ type: 'look', target: record.key, avoid: [key(liar)] })
    const asked = looked(found(...honest))
    expect(asked.map((effect) => effect.type === 'ask' && effect.to.hex)).toEqual(honest.slice(0, witnessesMax).map((one) => key(one).hex))
  })

  it('is confirmed when more than half have it, and refuted as soon as one has not, or when most are silent', () => {
    const [good, bad, silent, lone] = [claimed(), claimed(), claimed(), claimed()]
    for (const { looked } of [good, bad, silent, lone]) looked(found(...honest))
    expect(ends([...good.compared(false), ...good.compared(undefined), ...good.compared(false)])).toEqual(['confirmed'])
    expect(ends([...bad.compared(false), ...bad.compared(true)])).toEqual(['refuted'])
    expect(ends([...lone.compared(undefined), ...lone.compared(false), ...lone.compared(undefined)])).toEqual(['refuted'])
    expect(ends([...silent.compared(undefined), ...silent.compared(undefined), ...silent.compared(undefined)])).toEqual(['refuted'])
  })

  it('is refuted when nobody is left to ask but who said it: others were put in the way', () => {
    expect(ends(claimed(claimOf([liar])).looked(found(liar)))).toEqual(['refuted'])
    expect(ends(claimed(claimOf(honest, [liar, ...honest])).looked(found(...honest)))).toEqual(['refuted'])
  })

  it('is refuted when most of the closest are none of those it named', () => {
    expect(ends(claimed(claimOf(['0b1000', '0b1001', '0b0001'])).looked(found(...honest)))).toEqual(['refuted'])
  })

  it('is refuted when the lookup is not believed, and stands where there is nobody else', () => {
    expect(ends(claimed().looked(undefined))).toEqual(['refuted'])
    expect(ends(claimed().looked([], 0))).toEqual(['confirmed'])
  })

  it('waits its turn, which comes when another is refuted or forgotten', () => {
    const confirmations = new Confirmations()
    const looks = Array.from({ length: confirmationsMax + 3 }, () => confirmations.handle({ type: 'claimed', claim: claimOf() })).flat()
    expect(looks).toHaveLength(confirmationsMax)
    const next = confirmations.handle({ type: 'looked', confirmation: 1, closest: undefined, asked: 1 })
    expect(next).toMatchObject([{ type: 'refuted' }, { type: 'look', confirmation: confirmationsMax + 1 }])
    expect(confirmations.forget(confirmationsMax + 3)).toEqual([])
    expect(confirmations.forget(2)).toMatchObject([{ type: 'look', confirmation: confirmationsMax + 2 }])
    expect(confirmations.forget(3)).toEqual([])
  })
})
