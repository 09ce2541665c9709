import { encode, encodeUtf8 } from '@hashtab/core'

const domain = 'hashtab signaling 1'

/**
 * The bytes a peer signs to prove its key to a signalling server: the bencoded list of a domain, the network's name and the server's nonce.
 * No other signature of Hashtab begins so: this one opens nothing else, and none of the others opens a socket.
 */
export function bytesToProve(network: string, nonce: Uint8Array): Uint8Array {
  return encode([encodeUtf8(domain), encodeUtf8(network), nonce])
}
