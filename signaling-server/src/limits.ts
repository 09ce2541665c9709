/** What the server grants. Every default has its reason beside it. */
export interface SignalingLimits {
  /** Sockets in all. One costs about 12 KiB at rest (`npm run load`), and `bufferedBytesMax` at worst. */
  readonly socketsMax: number
  /** Sockets of one network: its reservoir, and those who have just come. */
  readonly networkSocketsMax: number
  /** Sockets of one block of addresses (/24, /64): a school or a company behind one address, not a botnet's share of `socketsMax`. */
  readonly blockSocketsMax: number
  /** Sockets that one block may open at once: a class that opens the same page. Whoever is refused comes back by itself, with jitter. */
  readonly blockOpensBurst: number
  /** Sockets that one block may open a second after that: a server's whole network comes back within minutes. */
  readonly blockOpensPerS: number
  /** Sockets of one network that stay open: a sample large enough that some are there whenever somebody comes. */
  readonly reservoirSize: number
  /** With fewer than this, the overlay is asked for more: a newcomer is introduced to 8. */
  readonly lowWater: number
  /** How long every newcomer may stay: a set-up takes up to 10 s behind bad NATs, and a second try should be possible. */
  readonly graceMs: number
  /** Between two introductions of one socket: who is alone looks every 10 to 30 s, and each time eight others are told. */
  readonly looksApartMs: number
  /** From the connection to the whole request that opens the socket: as long as a proof may take. Of our own HTTP server; a shared one has its own. */
  readonly requestDeadlineMs: number
  /** From the open socket to the proof: one round trip and one signature. */
  readonly proveDeadlineMs: number
  /** A ping to each socket, and the previous one must be answered: keeps proxies from cutting idle sockets (60 s is common). */
  readonly heartbeatMs: number
  /** Messages a socket may send at once: a burst of 24 dials with three letters each, and as many answers. */
  readonly messagesBurst: number
  /** Messages a second after that: dials come slower than one a second. */
  readonly messagesPerS: number
  /** Proofs checked a second, in all: one takes up to 3 ms of the only thread. */
  readonly provesPerS: number
  /** Bytes that may wait in one socket: 16 letters. More are dropped, so that flooding a slow peer does not end its socket. */
  readonly bufferedBytesMax: number
  /** A socket so full ends when nothing has left it for this long: no line is that slow, it is not read. */
  readonly slowDeadlineMs: number
  /** From a close frame to the end of the socket, answered or not. */
  readonly closeDeadlineMs: number
  /** What servers that share say of their peers holds for this long, and is said anew three times in it: one that was killed is forgotten as soon. */
  readonly sharingLeaseMs: number
}

export const defaultLimits: SignalingLimits = {
  socketsMax: 8_192,
  networkSocketsMax: 2_048,
  blockSocketsMax: 512,
  blockOpensBurst: 256,
  blockOpensPerS: 8,
  reservoirSize: 64,
  lowWater: 8,
  graceMs: 20_000,
  looksApartMs: 8_000,
  requestDeadlineMs: 10_000,
  proveDeadlineMs: 10_000,
  heartbeatMs: 30_000,
  messagesBurst: 144,
  messagesPerS: 8,
  provesPerS: 100,
  bufferedBytesMax: 64 * 1024,
  slowDeadlineMs: 10_000,
  closeDeadlineMs: 2_000,
  sharingLeaseMs: 30_000,
}

/** The defaults with these instead. Throws a `RangeError` for what is no positive integer, or at odds with another. */
export function limitsWith(changes: Partial<SignalingLimits>): SignalingLimits {
  const limits = { ...defaultLimits, ...changes }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} is a positive integer, not ${value}.`)
  }
  if (changes.lowWater === undefined) return { ...limits, lowWater: Math.min(limits.lowWater, limits.reservoirSize) }
  if (limits.lowWater > limits.reservoirSize) throw new RangeError('lowWater is at most reservoirSize.')
  return limits
}
