/** A median and its range. Infinity counts as any other number: it lies beyond all of them. */
export interface Summary {
  readonly count: number
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Undefined when there is nothing to sum up. */
export function summarise(samples: readonly number[]): Summary | undefined {
  const sorted = samples.toSorted((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (min === undefined || max === undefined) return undefined
  return { count: sorted.length, median: medianOf(sorted), min, max }
}

function medianOf(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)]!
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!
  return lower === upper ? upper : (lower + upper) / 2
}

/** The part of the samples that is 1, the others being 0. */
export function shareOf(samples: readonly number[]): { readonly done: number; readonly of: number } {
  return { done: samples.filter((sample) => sample === 1).length, of: samples.length }
}
