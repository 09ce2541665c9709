import { publicKey, publicKeyBytes } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { latencyBetween, latencyModels, RandomSource, type Site, siteOf } from './index.js'
import { mean, percentile } from './lookup-tally.js'

const random = new RandomSource(7)
const options = { nat: undefined, uplinkMbps: undefined, hasPlaces: true }
const sites: Site[] = Array.from({ length: 200 }, () => siteOf(publicKey(random.bytes(publicKeyBytes)), options))
const pairs = sites.flatMap((a, i) => sites.slice(i + 1).map((b) => [a, b] as const))

describe.each(latencyModels)('delays of the model %s', (model) => {
  const latency = { model, meanMs: 50 }
  const delays = pairs.map(([a, b]) => latencyBetween(latency, a, b))

  it('have the mean that was asked for', () => {
    expect(mean(delays)).toBeGreaterThan(47)
    expect(mean(delays)).toBeLessThan(53)
  })

  it('are the same whoever asks, and whenever', () => {
    const again = pairs.map(([a, b]) => latencyBetween(latency, b, a))
    expect(again.filter((delay, i) => delay !== delays[i])).toEqual([])
  })

  it('scale with the mean', () => {
    const doubled = pairs.map(([a, b]) => latencyBetween({ model, meanMs: 100 }, a, b))
    expect(percentile(doubled, 0.5) / percentile(delays, 0.5)).toBeCloseTo(2, 3)
  })
})

/** The share of ways over a third that are shorter than the straight one: where it is small, who is near to two others makes them near to each other. */
function detours(model: 'king' | 'geography'): number {
  const latency = { model, meanMs: 50 }
  const triples = sites.slice(2).map((c, i) => [sites[i]!, sites[i + 1]!, c] as const)
  const shorter = triples.filter(
    ([a, b, c]) => latencyBetween(latency, a, b) + latencyBetween(latency, b, c) < latencyBetween(latency, a, c),
  )
  return shorter.length / triples.length
}

describe('the triangle inequality', () => {
  it('holds on the map', () => {
    expect(detours('geography')).toBe(0)
  })

  it('is broken now and then between name servers', () => {
    expect(detours('king')).toBeGreaterThan(0.02)
  })
})

it('places are near to some and far from others', () => {
  const delays = pairs.map(([a, b]) => latencyBetween({ model: 'geography', meanMs: 50 }, a, b))
  expect(percentile(delays, 0.05)).toBeLessThan(20)
  expect(percentile(delays, 0.95)).toBeGreaterThan(80)
})
