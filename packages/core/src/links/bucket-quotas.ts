/** How many links each bucket may have, by bucket, and out of how many. */
export interface BucketQuotas {
  readonly quotas: readonly number[]
  /** Peers known in each bucket, linked or not. */
  readonly supply: readonly number[]
  /** Links that no bucket has a use for: too few peers are known. */
  readonly left: number
}

/** Shares out `room` links: one more for each bucket in turn, the farthest first, until they are used or nobody is left to link to. */
export function bucketQuotas(supply: readonly number[], room: number): BucketQuotas {
  const quotas = supply.map(() => 0)
  let left = room
  for (let raised = true; left > 0 && raised;) {
    raised = false
    for (let bucket = 0; bucket < supply.length && left > 0; bucket++) {
      if (quotas[bucket]! >= supply[bucket]!) continue
      quotas[bucket]! += 1
      left -= 1
      raised = true
    }
  }
  return { quotas, supply, left }
}

/** Whether a bucket would be allowed another link if one more peer were known in it. */
export function wouldTake({ quotas, supply, left }: BucketQuotas, bucket: number): boolean {
  const quota = quotas[bucket] ?? 0
  if (quota < (supply[bucket] ?? 0)) return false
  return left > 0 || quotas.some((other, place) => other > quota + (place > bucket ? 0 : 1))
}
