import { type Channel, join, type Peer } from 'hashtab'
import { type DialOutcome, type Seat, type SeatSettings, takeSeat, untilTrue } from '../seat.js'

/** So few that pairs of eight tabs become unlinked: a link that neither end wants is closed after 20 s. */
const sparseLinks = { target: 4, soft: 5, hard: 63 }

void takeSeat(async ({ introducer, sparse }: SeatSettings) => {
  const peer = await join({ network: 'bench', signaling: introducer, ...(sparse && { links: sparseLinks }) })
  peer.on('channel', (channel) => channel.on('message', (data) => void channel.send(data)))
  return new HashtabSeat(peer)
})

class HashtabSeat implements Seat {
  readonly id: string
  readonly #peer: Peer

  constructor(peer: Peer) {
    this.id = peer.id
    this.#peer = peer
  }

  links(): number {
    return this.#peer.status.links
  }

  /** A peer's table is its links. */
  known(): number {
    return this.#peer.status.links
  }

  async put(key: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#peer.put(key, value, { signal })
  }

  async get(key: string, signal: AbortSignal): Promise<string | undefined> {
    return (await this.#peer.get(key, { signal }))[0]?.text
  }

  async dial(id: string, signal: AbortSignal): Promise<DialOutcome> {
    const madeBefore = globalThis.connectionsMade
    const channel = await this.#peer.connect(id, { signal })
    try {
      // A link may be made by the time the channel is.
      if (channel.direct && globalThis.connectionsMade === madeBefore) return 'linked'
      const echoed = await echo(channel, signal)
      if (!echoed) return 'failed'
      await untilTrue(() => channel.direct, signal).catch(() => undefined)
      return channel.direct && (await echo(channel, signal)) ? 'direct' : 'relayed'
    } finally {
      channel.close()
    }
  }

  /** Links are the overlay's own business: `sparse` leaves pairs unlinked instead. */
  async unlink(): Promise<void> {}
}

/** Whether a message there comes back. */
async function echo(channel: Channel, signal: AbortSignal): Promise<boolean> {
  const back = new Promise<boolean>((resolve) => {
    const stop = channel.on('message', () => {
      stop()
      resolve(true)
    })
    signal.addEventListener('abort', () => resolve(false), { once: true })
  })
  await channel.send('there and back')
  return back
}
