import type { WebRtcImplementation } from './connection.js'
import { WebRtcTransport, type WebRtcTransportOptions } from './web-rtc-transport.js'

/** Bytes that SCTP takes before `bufferedAmount` grows; for the whole process. The library's own 1 MiB would hide every jam from the sender. */
const sctpBufferBytes = 256 * 1024

/** How long an answering end only listens: the offering end has read the answer by then, or is so far away that its ICE is slower than its notes. */
const knockAfterMs = 100

/** A `WebRtcTransport` for Node. Rejects, and says what to install, when `node-datachannel` is not there. */
export async function createNodeTransport(options: Omit<WebRtcTransportOptions, 'wrtc'> = {}): Promise<WebRtcTransport> {
  return new WebRtcTransport({ ...options, wrtc: await nodeWebRtc() })
}

/**
 * WebRTC for Node: `node-datachannel` (libdatachannel), loaded when first asked for. Its threads end with their connections,
 * so a process whose transports are closed ends by itself.
 */
export async function nodeWebRtc(): Promise<WebRtcImplementation> {
  const { PeerConnection, setSctpSettings } = await import('node-datachannel').catch(explainMissing)
  const polyfill = await import('node-datachannel/polyfill')
  setSctpSettings({ sendBufferSize: sctpBufferBytes })

  /** The library's browser-like class, made to keep to the browser's rules where simple-peer counts on them. */
  class NodePeerConnection extends polyfill.RTCPeerConnection {
    readonly #native: InstanceType<typeof PeerConnection>
    /** Resolves when the other end's candidates may be used. */
    #knocking: Promise<void> | undefined
    /** This end's candidates while it offers and has no answer. */
    #keptBack: Event[] | undefined

    constructor(config: RTCConfiguration) {
      // Left to itself, the library describes this end as soon as a channel is made, also at the answering end.
      const native = new PeerConnection('hashtab', { iceServers: nativeIceServers(config.iceServers ?? []), disableAutoNegotiation: true })
      super({ peerConnection: native })
      this.#native = native
    }

    /** Answers with a plain object, as a browser does: simple-peer writes to it. */
    override async createOffer(): Promise<RTCSessionDescriptionInit> {
      this.#keptBack = []
      this.#native.setLocalDescription('offer')
      return plain(await super.createOffer())
    }

    override async createAnswer(): Promise<RTCSessionDescriptionInit> {
      this.#native.setLocalDescription('answer')
      return plain(await super.createAnswer())
    }

    /**
     * Lets the offering end begin. The library gives an answer's credentials to ICE before it notes the fingerprint; when the answering end is
     * knocking already, DTLS may look for the fingerprint in between and refuse (paullouisageneau/libdatachannel#1390): up to 1 link in 8 that Node
     * offers to a browser on a busy machine. So an offering end tells its candidates once it has noted the answer, and nobody knocks before.
     * An answering end keeps an offer's candidates back for a moment; and as it then learns last that the path works, it is the DTLS client,
     * because the library throws away a handshake that comes before it has learned that.
     */
    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      if (description.type !== 'offer') {
        await super.setRemoteDescription(description)
        for (const event of this.#keptBack?.splice(0) ?? []) super.dispatchEvent(event)
        this.#keptBack = undefined
        return
      }
      const [lines, candidates] = splitOffer(description.sdp ?? '')
      await super.setRemoteDescription({ type: 'offer', sdp: lines })
      this.#knocking = new Promise((resolve) => setTimeout(resolve, knockAfterMs))
      for (const candidate of candidates) void this.addIceCandidate({ candidate, sdpMid: '0' }).catch(() => undefined)
    }

    override async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
      await this.#knocking
      if (this.connectionState !== 'closed') await super.addIceCandidate(candidate)
    }

    override dispatchEvent(event: Event): boolean {
      if (!this.#keptBack || event.type !== 'icecandidate') return super.dispatchEvent(event)
      return this.#keptBack.push(event) > 0
    }

    /** The library set it already: it makes and sets in one step. */
    override async setLocalDescription(): Promise<void> {}
  }

  return {
    RTCPeerConnection: NodePeerConnection,
    RTCSessionDescription: polyfill.RTCSessionDescription,
    RTCIceCandidate: polyfill.RTCIceCandidate,
  } as unknown as WebRtcImplementation
}

/** `turn:host:port?transport=udp` and its credentials, in the library's own form. */
function nativeIceServers(servers: readonly RTCIceServer[]) {
  return servers.flatMap(({ urls, username, credential }) =>
    [urls].flat().map((url) => {
      const [, scheme, host, port, transport] = /^(stun|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(\w+))?$/i.exec(url) ?? []
      if (scheme === undefined || host === undefined) throw new TypeError(`${url} is no address of an ICE server.`)
      if (scheme.toLowerCase() === 'stun') return `stun:${host}:${port ?? 3478}`
      const relayType = scheme.toLowerCase() === 'turns' ? 'TurnTls' : transport?.toLowerCase() === 'tcp' ? 'TurnTcp' : 'TurnUdp'
      return {
        hostname: host,
        port: Number(port ?? (relayType === 'TurnTls' ? 5349 : 3478)),
        username: username!,
        password: credential!,
        relayType: relayType as 'TurnUdp',
      }
    }),
  )
}

/** An offer without its candidates and with its role in DTLS left open; and the candidates. */
function splitOffer(sdp: string): [sdp: string, candidates: string[]] {
  const lines = sdp.split('\r\n')
  const isCandidate = (line: string) => line.startsWith('a=candidate:')
  const others = lines.filter((line) => !isCandidate(line)).map((line) => (line.startsWith('a=setup:') ? 'a=setup:actpass' : line))
  return [others.join('\r\n'), lines.filter(isCandidate).map((line) => line.slice(2))]
}

function plain({ type, sdp }: RTCSessionDescriptionInit): RTCSessionDescriptionInit {
  return sdp === undefined ? { type } : { type, sdp }
}

function explainMissing(cause: unknown): never {
  throw new Error('WebRTC in Node needs the package node-datachannel, and it did not load: npm install node-datachannel', { cause })
}
