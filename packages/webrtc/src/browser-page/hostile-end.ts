import { isMalformed } from '@hashtab/core'
import { parseCandidate } from '../candidate.js'
import { decodeDescription, encodeDescription } from '../description.js'
import { readSdp, writeSdp } from '../sdp.js'

/** An answering end that is a bare `RTCPeerConnection`, and so can do what no end of ours would. */
export class HostileEnd {
  readonly pc = new RTCPeerConnection()
  readonly channel = this.pc.createDataChannel('', { negotiated: true, id: 0 })

  /** The answer to an offer, with all of its candidates. `spoil` may change it. */
  async answer(
    offer: Uint8Array,
    spoil: (answer: Parameters<typeof encodeDescription>[0]) => Parameters<typeof encodeDescription>[0] = (answer) => answer,
  ): Promise<Uint8Array> {
    const description = decodeDescription(offer)
    if (isMalformed(description)) throw new Error(description.malformed)
    const texts: string[] = []
    const gathered = new Promise<void>((resolve) => {
      this.pc.addEventListener('icecandidate', ({ candidate }) => (candidate === null ? resolve() : texts.push(candidate.candidate)))
    })
    // Told that the other end takes messages of 256 KiB, its browser sends them.
    const sdp = writeSdp(description).replace('a=max-message-size:65536', 'a=max-message-size:262144')
    await this.pc.setRemoteDescription({ type: 'offer', sdp })
    await this.pc.setLocalDescription()
    await gathered
    const own = readSdp(this.pc.localDescription!.sdp)
    if (own === undefined) throw new Error('The browser wrote another SDP than expected.')
    const candidates = texts.flatMap((text) => parseCandidate(text) ?? [])
    return encodeDescription(spoil({ ...own, candidates }))
  }

  async opened(): Promise<void> {
    if (this.channel.readyState !== 'open') await new Promise((resolve) => this.channel.addEventListener('open', resolve, { once: true }))
  }
}
