// The relay server of js-libp2p: the tabs' bootstrap, a circuit relay and a peer of the DHT. Arguments: its port, and the port its tabs reach it at.
import './promise-with-resolvers.js'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { dhtProtocol, namespace, relayReservations } from './libp2p-names.js'

/** So high that no limit is met: all tabs of a bench come from one address, at once. */
const unlimited = 10_000
const [port, countedPort] = process.argv.slice(2)

const node = await createLibp2p({
  addresses: { listen: [`/ip4/127.0.0.1/tcp/${port}/ws`], announce: [`/ip4/127.0.0.1/tcp/${countedPort}/ws`] },
  transports: [webSockets()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionGater: { denyDialMultiaddr: () => false },
  connectionManager: { maxConnections: unlimited, inboundConnectionThreshold: unlimited, maxIncomingPendingConnections: unlimited },
  services: {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    relay: circuitRelayServer({ reservations: relayReservations }),
    dht: kadDHT({
      protocol: dhtProtocol,
      clientMode: false,
      peerInfoMapper: passthroughMapper,
      validators: { [namespace]: async () => {} },
      selectors: { [namespace]: () => 0 },
    }),
  },
})
process.stdout.write(`${node.getMultiaddrs()[0]!.toString()}\n`)
