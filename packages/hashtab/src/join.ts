import { IndexedDbStorage, takeIdentity } from '@hashtab/indexeddb'
import { loadSealing, MemoryStorage, type MeetingPoint, Peer, type Signer, type Storage } from '@hashtab/peer'
import { TabsMeetingPoint, WebSocketMeetingPoint } from '@hashtab/signaling'
import { WebRtcTransport } from '@hashtab/webrtc'
import { isSmallDevice } from './device.js'
import { checkedOptions, type CheckedOptions, type JoinOptions, linkLimits, urlsOf } from './join-options.js'

/**
 * Makes this tab a peer of the table. Resolves as soon as it runs; links come a moment later, and calls wait for the first.
 * Errors: `invalid`; a `TypeError` where there is no WebRTC.
 */
export async function join(given: JoinOptions): Promise<Peer> {
  const options = checkedOptions(given)
  const { network, role, signal, mayLink } = options
  signal?.throwIfAborted()
  // The first link waits for it: it comes while an identity is taken. Where it does not, the peer asks again.
  void loadSealing().catch(() => undefined)
  const links = linkLimits(options.links, isSmallDevice(navigator))
  const meetingPoints: MeetingPoint[] = urlsOf(options.signaling).map((url) => new WebSocketMeetingPoint({ url, network }))
  if (options.tabs ?? true) meetingPoints.push(new TabsMeetingPoint({ network }))
  // Throws where there is no WebRTC, so it comes before an identity is held that nobody would release.
  const transport = new WebRtcTransport({ iceServers: options.iceServers ?? [] })
  const { signer, storage, keeps, release } = await identify(options)
  const here = new AbortController()
  const left = () => {
    here.abort()
    release()
  }
  const peer = await Peer.start({ signer, storage, keeps, transport, meetingPoints, links, left, ...(mayLink && { mayLink }) })
  // A page that goes into the back/forward cache is only frozen.
  addEventListener('pagehide', (event) => event.persisted || void peer.leave(), { signal: here.signal })
  void live(peer, role, here.signal)
  if (!signal?.aborted) return peer
  await peer.leave()
  throw signal.reason
}

/** Has the peer follow its page. Nothing of it is needed to join, so it is loaded after; where it cannot be, the tab serves when hidden too. */
async function live(peer: Peer, role: CheckedOptions['role'], signal: AbortSignal): Promise<void> {
  const late = await import('./page-life.js').catch(() => undefined)
  if (!signal.aborted) late?.followPage(peer, role, signal)
}

interface Identified {
  readonly signer: Signer
  readonly storage: Storage
  readonly keeps: boolean
  readonly release: () => void
}

async function identify({ network, identity, storage }: JoinOptions): Promise<Identified> {
  const held = identity ? undefined : await takeIdentity({ network })
  const signer = identity ?? held!.signer
  const release = () => held?.release()
  if (storage !== undefined && storage !== 'memory') return { signer, storage, keeps: true, release }
  if (storage === 'memory' || !held?.storageName) return { signer, storage: new MemoryStorage(), keeps: false, release }
  return { signer, storage: new IndexedDbStorage(held.storageName), keeps: true, release }
}
