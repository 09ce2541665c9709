/** Watches of one peer at one time: to renew one with three holders costs some 45 bytes a second, counted over all hops (simulated, 100 peers of 16 links). */
export const watchesMax = 256

/**
 * Holders that one watch has a lease with: the death of one, or of two at once, loses nothing, and each change is pushed three times, not eight.
 * The closest to the key, for they stay replicas the longest: five must come closer before the third is none any more.
 */
export const holdersWanted = 3
