import {
  bytes,
  decode,
  dictionary,
  encode,
  type Field,
  integer,
  introductionLetterBytesMax,
  keyField,
  list,
  type Malformed,
  malformed,
  mapped,
  oneOf,
  optional,
  publicKeyField,
  required,
  signatureField,
  tagged,
  text,
} from '@hashtab/core'
import type { IceServer } from '@hashtab/peer'
import {
  challengeBytes,
  type ClientMessage,
  drawMax,
  iceCredentialBytesMax,
  iceServersMax,
  iceUrlBytesMax,
  iceUrlsMax,
  networkBytesMax,
  peersMax,
  refusalBytesMax,
  refuseCodes,
  type ServerMessage,
  signalingMessageBytesMax,
} from './signaling-message.js'

/** A message, its lists, an ICE server, its addresses. */
const depthMax = 4

/** What an `RTCPeerConnection` takes (RFC 7064, RFC 7065): any other makes its constructor throw. */
const iceUrlPattern = /^(?:stuns?|turns?):(?:[^\s/?#:]+|\[[^\s/?#\]]+\])(?::(?<port>\d{1,5}))?(?:\?transport=(?:udp|tcp))?$/
const portMax = 65_535

const iceUrl = mapped(
  text(iceUrlBytesMax),
  (url) => (isIceUrl(url) ? url : malformed('not the address of an ICE server')),
  (url) => url,
)

/** One ICE server, as `RTCIceServer` but with its addresses always in a list. TURN comes with credentials. */
export const iceServerField: Field<IceServer> = mapped(
  dictionary({
    urls: required('urls', list(iceUrl, iceUrlsMax)),
    username: optional('user', text(iceCredentialBytesMax)),
    credential: optional('pass', text(iceCredentialBytesMax)),
  }),
  (server) => {
    if (server.urls.length === 0) return malformed('an ICE server without an address')
    const isOpen = server.username !== undefined && server.credential !== undefined
    return isOpen || server.urls.every((url) => url.startsWith('stun')) ? server : malformed('a TURN server without credentials')
  },
  (server) => ({ ...server, urls: typeof server.urls === 'string' ? [server.urls] : server.urls }),
)

function isIceUrl(url: string): boolean {
  const match = iceUrlPattern.exec(url)
  const port = Number(match?.groups?.['port'] ?? 1)
  return match !== null && port >= 1 && port <= portMax
}

const peers = required('peers', list(publicKeyField, peersMax))
const letter = required('letter', bytes(1, introductionLetterBytesMax))

const serverMessage: Field<ServerMessage> = tagged('type', 'type', {
  challenge: { nonce: required('nonce', bytes(challengeBytes, challengeBytes)) },
  welcome: { peers, iceServers: required('ice', list(iceServerField, iceServersMax)) },
  peers: { peers },
  letter: { letter },
  pong: {},
  rest: {},
  draw: { count: required('count', integer(1, drawMax)) },
  refuse: { code: required('code', oneOf(...refuseCodes)), message: required('message', text(refusalBytesMax)) },
})

const networkName = mapped(
  text(networkBytesMax),
  (name) => (name === '' ? malformed('a network without a name') : name),
  (name) => name,
)

const clientMessage: Field<ClientMessage> = tagged('type', 'type', {
  prove: {
    network: required('network', networkName),
    publicKey: required('key', publicKeyField),
    signature: required('sig', signatureField),
  },
  carry: { to: required('to', keyField), letter },
  ping: {},
  look: {},
})

export function encodeServerMessage(message: ServerMessage): Uint8Array {
  return encode(serverMessage.write(message))
}

export function encodeClientMessage(message: ClientMessage): Uint8Array {
  return encode(clientMessage.write(message))
}

/** Judges what a server sent. Never throws. */
export function decodeServerMessage(received: Uint8Array): ServerMessage | Malformed {
  return read(serverMessage, received)
}

/** Judges what a client sent. Never throws. */
export function decodeClientMessage(received: Uint8Array): ClientMessage | Malformed {
  return read(clientMessage, received)
}

function read<T>(message: Field<T>, received: Uint8Array): T | Malformed {
  return received.length > signalingMessageBytesMax ? malformed('too long') : message.read(decode(received, { depthMax }))
}
