import { generateKeyPairSync, sign } from 'node:crypto'
import { isMalformed, Key, publicKey, type PublicKey, signature } from '@hashtab/core'
import { bytesToProve, decodeServerMessage, encodeClientMessage, signalingSubprotocol } from '@hashtab/signaling/protocol'
import { WebSocket } from 'ws'

/** How long a join may take before it counts as failed. */
const joinDeadlineMs = 60_000

/** One peer of a crowd: joins, and stays. Signs with Node's own Ed25519, ten times quicker than the peers', so that the server is what is measured. */
export class LoadSocket {
  readonly id: Key
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, id: Key) {
    this.#socket = socket
    this.id = id
  }

  /** Resolves when it is welcome. Rejects when it is refused, or waits too long. */
  static join(
    address: string,
    network: string,
    onLetter: (letter: Uint8Array) => void,
    onLost: (why: string) => void,
  ): Promise<LoadSocket> {
    const pair = generateKeyPairSync('ed25519')
    const own: PublicKey = publicKey(new Uint8Array(Buffer.from(pair.publicKey.export({ format: 'jwk' }).x!, 'base64url')))
    const socket = new WebSocket(address, [signalingSubprotocol], { perMessageDeflate: false })
    const joined = new LoadSocket(socket, Key.hash(own))
    return new Promise((resolve, reject) => {
      let isIn = false
      const deadline = setTimeout(() => lose('no welcome in time'), joinDeadlineMs)
      const lose = (why: string) => {
        clearTimeout(deadline)
        socket.terminate()
        if (isIn) onLost(why)
        else reject(new Error(why))
        isIn = false
      }
      socket.on('error', (fault) => lose(fault.message))
      socket.on('close', (code, reason) => lose(`closed: ${code} ${reason.toString()}`))
      socket.on('message', (data) => {
        const message = decodeServerMessage(new Uint8Array(data as Buffer))
        if (isMalformed(message)) return lose(message.malformed)
        if (message.type === 'letter') return onLetter(message.letter)
        if (message.type === 'welcome') {
          clearTimeout(deadline)
          isIn = true
          return resolve(joined)
        }
        if (message.type !== 'challenge') return
        const proof = signature(new Uint8Array(sign(null, bytesToProve(network, message.nonce), pair.privateKey)))
        socket.send(encodeClientMessage({ type: 'prove', network, publicKey: own, signature: proof }))
      })
    })
  }

  /** Not counted as lost. */
  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.close()
  }

  carry(to: Key, letter: Uint8Array): void {
    this.#socket.send(encodeClientMessage({ type: 'carry', to, letter }))
  }
}
