import { bootstrap } from '@libp2p/bootstrap'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { dhtProtocol, echoProtocol, namespace, relayReservations } from '../../contestants/libp2p-names.js'
import { type DialOutcome, type Seat, type SeatSettings, takeSeat } from '../seat.js'

/** Tabs over which a tab of the `relays` variant can be reached, besides the server: more than one, so that one that leaves costs nothing. */
const relaysWanted = 3
/** All tabs of a bench share one address, so limits per host would slow the rival only here. */
const connectionsPerSecondMax = 10_000

void takeSeat(async ({ introducer, variant }: SeatSettings) => {
  const isRelay = variant === 'relays'
  const node = await createLibp2p({
    addresses: { listen: [...Array.from({ length: isRelay ? relaysWanted : 1 }, () => '/p2p-circuit'), '/webrtc'] },
    transports: [
      webSockets(),
      // No STUN: everything is on loopback.
      webRTC({ rtcConfiguration: { iceServers: [] } }),
      circuitRelayTransport(),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    peerDiscovery: [bootstrap({ list: [introducer], timeout: 0 })],
    // In browsers private addresses and plain WebSockets are refused unless said.
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { inboundConnectionThreshold: connectionsPerSecondMax, maxIncomingPendingConnections: connectionsPerSecondMax },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping(),
      dht: kadDHT({
        protocol: dhtProtocol,
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        validators: { [namespace]: async () => {} },
        selectors: { [namespace]: () => 0 },
      }),
      ...(isRelay && { relay: circuitRelayServer({ reservations: relayReservations }) }),
    },
  })
  await node.handle(echoProtocol, (stream) => {
    stream.addEventListener('message', ({ data }) => {
      stream.send(data)
    })
  })
  return new Libp2pSeat(node, multiaddr(introducer).getComponents().at(-1)?.value ?? '')
})

type PeerId = Libp2p['peerId']

/** What kad-dht does not publish of itself: who is in its routing table. */
interface KadTable {
  readonly routingTable: { readonly kb: { toIterable(): Iterable<{ readonly peerId: { toString(): string } }> } }
}

class Libp2pSeat implements Seat {
  readonly id: string
  readonly #node: Libp2p
  readonly #server: string

  constructor(node: Libp2p, server: string) {
    this.#node = node
    this.#server = server
    this.id = node.peerId.toString()
  }

  links(): number {
    const peers = this.#node
      .getConnections()
      .filter(({ limits, remotePeer }) => !limits && remotePeer.toString() !== this.#server)
      .map(({ remotePeer }) => remotePeer.toString())
    return new Set(peers).size
  }

  known(): number {
    const { dht } = this.#node.services as unknown as { dht: KadTable }
    return [...dht.routingTable.kb.toIterable()].filter(({ peerId }) => peerId.toString() !== this.#server).length
  }

  async put(key: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#node.contentRouting.put(keyOf(key), new TextEncoder().encode(value), { signal })
  }

  async get(key: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return new TextDecoder().decode(await this.#node.contentRouting.get(keyOf(key), { signal }))
    } catch (fault) {
      if (isNotFound(fault)) return undefined
      throw fault
    }
  }

  async dial(id: string, signal: AbortSignal): Promise<DialOutcome> {
    const peer = peerIdFromString(id)
    if (this.#node.getConnections(peer).some(({ limits }) => !limits)) return 'linked'
    const connection = await this.#node.dial(await this.#directAddresses(peer, signal), { signal })
    const stream = await connection.newStream(echoProtocol, { signal })
    const back = new Promise<void>((resolve, reject) => {
      stream.addEventListener('message', () => resolve(), { once: true })
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    stream.send(new TextEncoder().encode('there and back'))
    await back
    stream.abort(new Error('The bench is done with it.'))
    return connection.limits ? 'relayed' : 'direct'
  }

  /** Where a peer can be dialled for a direct connection: over each relay it is known to be reachable by. */
  async #directAddresses(peer: PeerId, signal: AbortSignal): Promise<Multiaddr[]> {
    const known = await this.#node.peerStore.get(peer).then(
      ({ addresses }) => addresses.map(({ multiaddr }) => multiaddr),
      () => [],
    )
    const addresses = known.length > 0 ? known : (await this.#node.peerRouting.findPeer(peer, { signal })).multiaddrs
    // js-libp2p announces tabs that are relays for relayed connections only, and cannot dial an address with two WebRTC parts.
    // Named by its id alone a relay is reached over the link to it, or by its own addresses.
    const relays = addresses.flatMap((address) => /.*\/p2p\/([^/]+)\/p2p-circuit/.exec(address.toString())?.[1] ?? [])
    const direct = relays.map((relay) => `/p2p/${relay}/p2p-circuit/webrtc/p2p/${peer.toString()}`)
    return [...new Set(direct)].map((address) => multiaddr(address))
  }

  async unlink(id: string): Promise<void> {
    await this.#node.hangUp(peerIdFromString(id))
  }
}

/** One fault for each content router that was asked: here that is the DHT alone. */
function isNotFound(fault: unknown): boolean {
  const faults: unknown[] = fault instanceof AggregateError ? fault.errors : [fault]
  return faults.every((each) => each instanceof Error && each.name === 'NotFoundError')
}

function keyOf(key: string): Uint8Array {
  return new TextEncoder().encode(`/${namespace}/${key}`)
}
