import HyperDHT from 'hyperdht'
import type { NodePeer } from './node-peer.js'

/** HyperDHT with its signed (mutable) records. Nodes serve at once, as in its own test network. */
export async function startHyperdht(introducer: string): Promise<NodePeer> {
  const [host, port] = introducer.split(':')
  const bootstrap = introducer === '' ? [] : [{ host: host!, port: Number(port) }]
  const dht = new HyperDHT({ ephemeral: false, firewalled: false, bootstrap, host: '127.0.0.1' })
  await dht.fullyBootstrapped()
  const keyPair = HyperDHT.keyPair()
  let seq = 0
  return {
    record: Buffer.from(keyPair.publicKey).toString('hex'),
    address: `127.0.0.1:${dht.address().port}`,
    known: () => dht.toArray().length,
    put: async (value) => void (await dht.mutablePut(keyPair, Buffer.from(value), { seq: ++seq })),
    get: async (record) => {
      const found = await dht.mutableGet(Buffer.from(record, 'hex'))
      return found ? Buffer.from(found.value).toString() : undefined
    },
  }
}
