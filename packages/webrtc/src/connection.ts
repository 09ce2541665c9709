import SimplePeer from '#simple-peer'
import { type Candidate, printCandidate } from './candidate.js'
import type { Description } from './description.js'
import { writeSdp } from './sdp.js'

/** What makes connections: a browser's own globals, or a library of the same shape. */
export interface WebRtcImplementation {
  readonly RTCPeerConnection: typeof RTCPeerConnection
  readonly RTCSessionDescription: typeof RTCSessionDescription
  readonly RTCIceCandidate: typeof RTCIceCandidate
}

/** Which end of a link. */
export type Role = 'offering' | 'answering'

/** What a connection tells. Never from inside a call to it. */
export interface ConnectionListener {
  /** This end's SDP is known. Its candidates come one by one. */
  described(sdp: string): void
  /** One more way to reach this end, as the browser writes it. */
  gathered(candidate: string): void
  /** There will be no more of them. */
  gatheredAll(): void
  opened(): void
  /** One message of the channel: bytes, or text, which no end of ours ever sends. */
  received(data: Uint8Array | string): void
  /** ICE gets no answers, or gets them again. */
  troubled(troubled: boolean): void
  /** The other end opened a channel of its own. */
  intruded(): void
  /** It never opened, or is no longer open. Nothing is told after this. */
  closed(): void
}

/**
 * One channel is agreed on beforehand (RFC 8832 is not spoken): both ends make it, and simple-peer does not listen for others.
 * So every channel that the other end opens is one nobody asked for.
 */
const channelConfig = { negotiated: true, id: 0 } satisfies RTCDataChannelInit

/** One connection with one channel. The only file that knows simple-peer (9.11.1). */
export class Connection {
  readonly #peer: SimplePeer.Instance
  readonly #channel: RTCDataChannel

  /** `undefined` when the browser makes no more of them. */
  static make(wrtc: WebRtcImplementation, iceServers: RTCIceServer[], role: Role, listener: ConnectionListener): Connection | undefined {
    let made: { pc: RTCPeerConnection; channel: RTCDataChannel | undefined } | undefined
    // simple-peer shows neither its connection nor its channel: they are noted while it makes them.
    function NotingPeerConnection(config: RTCConfiguration): RTCPeerConnection {
      const pc = new wrtc.RTCPeerConnection(config)
      const noted = { pc, channel: undefined as RTCDataChannel | undefined }
      pc.createDataChannel = (_label, init) => {
        delete (pc as Partial<RTCPeerConnection>).createDataChannel
        return (noted.channel = pc.createDataChannel('hashtab', init))
      }
      made = noted
      return pc
    }
    const peer = new SimplePeer({
      initiator: role === 'offering',
      wrtc: { ...wrtc, RTCPeerConnection: NotingPeerConnection as unknown as typeof RTCPeerConnection },
      config: { iceServers },
      channelConfig,
      objectMode: true, // Keeps text apart from bytes.
      iceCompleteTimeout: 1, // Means nothing with trickle on, but its timer of 5 s would outlive the connection.
    })
    peer.on('error', () => undefined) // 'close' follows.
    if (made?.channel === undefined) {
      peer.destroy()
      return undefined
    }
    return new Connection(peer, made.pc, made.channel, listener)
  }

  private constructor(peer: SimplePeer.Instance, pc: RTCPeerConnection, channel: RTCDataChannel, listener: ConnectionListener) {
    this.#peer = peer
    this.#channel = channel
    channel.addEventListener('open', () => listener.opened())
    pc.addEventListener('datachannel', () => listener.intruded())
    pc.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate === null) listener.gatheredAll()
    })
    peer.on('signal', (signal) => {
      if (signal.type === 'candidate') listener.gathered(signal.candidate.candidate)
      else if ((signal.type === 'offer' || signal.type === 'answer') && signal.sdp !== undefined) listener.described(signal.sdp)
    })
    peer.on('data', (data: Uint8Array | string) => {
      listener.received(typeof data === 'string' ? data : new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength))
    })
    peer.on('iceStateChange', (state: RTCIceConnectionState) => {
      if (state === 'disconnected') listener.troubled(true)
      if (state === 'connected' || state === 'completed') listener.troubled(false)
    })
    peer.on('close', () => listener.closed())
  }

  /** Takes the other end's description. Once. */
  describeRemote(description: Description): void {
    this.#peer.signal({ type: description.setup === 'actpass' ? 'offer' : 'answer', sdp: writeSdp(description) })
  }

  /** Takes one more candidate of the other end, also before its description. */
  addRemote(candidate: Candidate): void {
    const init = { candidate: printCandidate(candidate), sdpMid: '0', sdpMLineIndex: 0 }
    this.#peer.signal({ type: 'candidate', candidate: init as RTCIceCandidate })
  }

  /** Puts one message into the channel. Throws when the channel takes no more. */
  send(frame: Uint8Array): void {
    this.#peer.send(frame)
  }

  get bufferedBytes(): number {
    return this.#channel.bufferedAmount
  }

  /** Lets go of everything now. */
  destroy(): void {
    this.#peer.destroy()
  }
}
