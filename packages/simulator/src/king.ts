/**
 * Quantiles of a delay that is spread like those between name servers (Gummadi et al. 2002, "King"; the set of 1,740 servers that later simulations
 * took from it): a tenth of the pairs near each other, half within the mean, a tail of several times the mean. A table of our own after that shape, not the data.
 */
const quantiles: readonly (readonly [share: number, delay: number])[] = [
  [0, 0.02],
  [0.05, 0.15],
  [0.1, 0.28],
  [0.25, 0.55],
  [0.5, 0.9],
  [0.75, 1.3],
  [0.9, 1.8],
  [0.95, 2.2],
  [0.99, 3.4],
  [1, 5.2],
]

const steps = quantiles.slice(1).map(([share, delay], i) => {
  const [fromShare, from] = quantiles[i]!
  return { fromShare, share, from, delay }
})
const tableMean = steps.reduce((sum, { fromShare, share, from, delay }) => sum + ((share - fromShare) * (from + delay)) / 2, 0)

/** The delay, in terms of the mean, below which this share of the pairs lies. */
export function quantileOfKing(share: number): number {
  const step = steps.find((one) => share < one.share) ?? steps.at(-1)!
  return (step.from + ((share - step.fromShare) / (step.share - step.fromShare)) * (step.delay - step.from)) / tableMean
}
