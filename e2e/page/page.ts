import { join, type JoinOptions, type Peer, type Channel } from 'hashtab'

/** What a test can send into a page: options that survive being copied, and the ids of peers that cannot be linked to at first. */
export type JoinChoices = Pick<JoinOptions, 'network' | 'signaling' | 'tabs' | 'links' | 'role'> & {
  readonly unlinkable?: readonly string[]
}

/** One peer, and all that was ever said to it. */
export interface Listener {
  readonly peer: Peer
  readonly messages: { from: string; text: string }[]
  readonly channels: { channel: Channel; messages: Uint8Array[] }[]
  readonly statuses: Peer['status'][]
  /** Peers that cannot be linked to, as behind NATs. */
  readonly unlinkable: Set<string>
}

declare global {
  /** Joins as an app would, and keeps what it is told. */
  var joinAndListen: (choices: JoinChoices) => Promise<Listener>
}

globalThis.joinAndListen = async ({ unlinkable: ids = [], ...choices }) => {
  const unlinkable = new Set(ids)
  const peer = await join({ ...choices, mayLink: (peerId) => !unlinkable.has(peerId) })
  const listener: Listener = { peer, messages: [], channels: [], statuses: [], unlinkable }
  peer.on('message', ({ from, data }) => listener.messages.push({ from, text: new TextDecoder().decode(data) }))
  peer.on('status', (status) => listener.statuses.push(status))
  peer.on('channel', (channel) => {
    const messages: Uint8Array[] = []
    channel.on('message', (data) => messages.push(data))
    listener.channels.push({ channel, messages })
  })
  return listener
}
