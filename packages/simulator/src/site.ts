import type { PublicKey } from '@hashtab/core'
import { drawPlace, type Place } from './geography.js'
import { natAt, type NatShares, type NatType } from './nat.js'
import { RandomSource } from './random-source.js'

/** What the network knows of a peer: its place, its router, its uplink. It follows from its public key, so one who comes back is where it was. */
export interface Site extends Place {
  /** 32 bits that tell it from others. */
  readonly salt: number
  readonly nat: NatType
  /** Bytes that leave in a millisecond; Infinity: no bound. */
  readonly uplinkBytesPerMs: number
}

export interface SiteOptions {
  readonly nat: NatShares | undefined
  /** The median uplink, in Mbit/s; undefined: no bound. */
  readonly uplinkMbps: number | undefined
  readonly hasPlaces: boolean
}

/** Uplinks differ: one in twenty has less than a quarter of the median. */
const uplinkLogDeviation = 0.85

export function siteOf(publicKey: PublicKey, options: SiteOptions): Site {
  const { nat, uplinkMbps, hasPlaces } = options
  const salt = (publicKey[0]! | (publicKey[1]! << 8) | (publicKey[2]! << 16) | (publicKey[3]! << 24)) ^ publicKey[4]!
  if (!nat && uplinkMbps === undefined && !hasPlaces) return { x: 1, y: 0, z: 0, access: 0, salt, nat: 'open', uplinkBytesPerMs: Infinity }
  const random = new RandomSource(salt)
  const place = drawPlace(random)
  const type = nat ? natAt(nat, random.share()) : 'open'
  const factor = Math.exp(uplinkLogDeviation * random.normal())
  const uplinkBytesPerMs = uplinkMbps === undefined ? Infinity : uplinkMbps * 125 * factor
  // Written out: objects that are spread together may each get a hidden class of their own.
  return { x: place.x, y: place.y, z: place.z, access: place.access, salt, nat: type, uplinkBytesPerMs }
}
