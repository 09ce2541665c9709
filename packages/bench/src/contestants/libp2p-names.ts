/** The DHT of the bench: an own protocol, so that it is never part of another network. */
export const dhtProtocol = '/hashtab-bench/kad/1.0.0'
export const echoProtocol = '/hashtab-bench/echo/1.0.0'
/** First part of every key: it names the validator and the selector. */
export const namespace = 'bench'

/**
 * What a relay grants, raised so that no tab meets a bound. A relayed connection stays marked as limited: without the mark js-libp2p takes it
 * for as good as a direct one, and makes none.
 */
export const relayReservations = { maxReservations: 10_000, defaultDurationLimit: 24 * 3_600_000, defaultDataLimit: 1n << 40n }
