import { RandomSource } from './random-source.js'

/** A point of the unit sphere, and the way from it into the network, in radians of that sphere. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly z: number
  readonly access: number
}

interface Region {
  readonly latitude: number
  readonly longitude: number
  /** Degrees that peers of the region are spread by: one deviation. */
  readonly spread: number
  /** Its share of all peers. */
  readonly share: number
}

/** Where people sit at browsers, roughly. */
const regions: readonly Region[] = [
  { latitude: 50, longitude: 10, spread: 8, share: 0.25 },
  { latitude: 40, longitude: -80, spread: 7, share: 0.15 },
  { latitude: 38, longitude: -115, spread: 6, share: 0.1 },
  { latitude: -15, longitude: -50, spread: 9, share: 0.1 },
  { latitude: 20, longitude: 78, spread: 8, share: 0.15 },
  { latitude: 33, longitude: 118, spread: 10, share: 0.17 },
  { latitude: -33, longitude: 148, spread: 5, share: 0.03 },
  { latitude: 5, longitude: 20, spread: 14, share: 0.05 },
]

/** The way into the network: in the median a tenth of the longest way on the sphere, for one in twenty more than twice that. */
const accessMedian = 0.1 * (Math.PI / 2)
const accessLogDeviation = 0.5

/** The place somebody lives at, drawn by chance. */
export function drawPlace(random: RandomSource): Place {
  let left = random.share()
  const region = regions.find(({ share }) => (left -= share) < 0) ?? regions[0]!
  const latitude = radians(Math.min(Math.max(region.latitude + region.spread * random.normal(), -89), 89))
  const longitude = radians(region.longitude + region.spread * random.normal())
  const access = accessMedian * Math.exp(accessLogDeviation * random.normal())
  return {
    x: Math.cos(latitude) * Math.cos(longitude),
    y: Math.cos(latitude) * Math.sin(longitude),
    z: Math.sin(latitude),
    access,
  }
}

/** The shortest way over the sphere, in radians: a metric, so the triangle inequality holds. */
export function centralAngle(a: Place, b: Place): number {
  return Math.acos(Math.min(Math.max(a.x * b.x + a.y * b.y + a.z * b.z, -1), 1))
}

const sampledPairs = 4_096

/** One radian's delay in terms of the mean delay, by a sample that is always the same. */
export const geographyScale = ((): number => {
  const random = new RandomSource(1)
  let sum = 0
  for (let i = 0; i < sampledPairs; i++) {
    const [a, b] = [drawPlace(random), drawPlace(random)]
    sum += a.access + b.access + centralAngle(a, b)
  }
  return sampledPairs / sum
})()

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
