import { generateSigner, MemoryStorage, type MeetingPoint, Peer, systemRandom } from '@hashtab/peer'
import { TabsMeetingPoint, WebSocketMeetingPoint } from '@hashtab/signaling'
import { createNodeTransport } from '@hashtab/webrtc/node'
import { WebSocket } from 'ws'
import { checkedOptions, type JoinOptions, linkLimits, urlsOf } from './join-options.js'

/**
 * Makes this Node process a peer of the table: a new identity and records in memory, unless given. Resolves as soon as it runs.
 * Errors: `invalid`; an `Error` that says what to install where `node-datachannel` is missing.
 */
export async function join(given: JoinOptions): Promise<Peer> {
  const options = checkedOptions(given)
  const { network, role, signal, identity, storage, mayLink } = options
  signal?.throwIfAborted()
  const webSocket = WebSocket as unknown as NonNullable<ConstructorParameters<typeof WebSocketMeetingPoint>[0]['webSocket']>
  const meetingPoints: MeetingPoint[] = urlsOf(options.signaling).map((url) => new WebSocketMeetingPoint({ url, network, webSocket }))
  if (options.tabs ?? false) meetingPoints.push(new TabsMeetingPoint({ network }))
  const keeps = storage !== undefined && storage !== 'memory'
  const peer = await Peer.start({
    signer: identity ?? generateSigner(systemRandom),
    storage: keeps ? storage : new MemoryStorage(),
    keeps,
    transport: await createNodeTransport({ iceServers: options.iceServers ?? [] }),
    meetingPoints,
    links: linkLimits(options.links, false),
    ...(mayLink && { mayLink }),
  })
  if (role === 'leaf') peer.become('leaf')
  if (!signal?.aborted) return peer
  await peer.leave()
  throw signal.reason
}
