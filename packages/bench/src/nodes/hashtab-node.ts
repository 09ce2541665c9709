import { join } from 'hashtab'
import type { NodePeer } from './node-peer.js'

const name = 'bench'

/** Hashtab in Node: links over node-datachannel. */
export async function startHashtab(introducer: string): Promise<NodePeer> {
  const peer = await join({ network: 'bench', signaling: introducer })
  return {
    record: peer.publicKey,
    address: '',
    known: () => peer.status.links,
    put: async (value) => void (await peer.publish(name, value)),
    get: async (record) => (await peer.resolve(record, name))?.text,
  }
}
