import type { Peer, Channel } from 'hashtab'
import type { UserKey } from '../model/user-key.js'
import { Line, type LineListener } from './line.js'
import type { Whereabouts } from './whereabouts.js'

export type SwitchboardListener = {
  /** Whether the user is on the list: whoever is not, is a stranger. */
  knows(user: UserKey): boolean
  /** The first line to this user is open. */
  reached(user: UserKey): void
  /** One is closed, and another is open. */
  rerouted(user: UserKey): void
  /** The last one is closed. */
  lost(user: UserKey): void
} & Pick<LineListener, 'admits' | 'said' | 'received'>

/** Lines at a time, those included whose other end has not said who it is: everybody may call a tab. */
const linesMax = 100
/** Of those, lines on which strangers called, or callers who have not said who they are. For one more the oldest is closed: a friend who calls amid a flood gets a word in. */
export const strangersMax = 20
/** A call that is not through by then is not going to be: a direct link has 8 s, and a relayed one a few lookups. */
const callTimeoutMs = 20_000

/** Holds the lines of this tab: calls users at the peers they are at, and takes the calls of others. */
export class Switchboard {
  readonly #peer: Peer
  readonly #whereabouts: Whereabouts
  readonly #listener: SwitchboardListener
  readonly #lines = new Set<Line>()
  /** The lines on which others called. */
  readonly #callers = new Set<Line>()
  readonly #calls = new Map<UserKey, Promise<boolean>>()
  readonly #introductions = new Map<Line, (user: UserKey | undefined) => void>()

  constructor(peer: Peer, whereabouts: Whereabouts, listener: SwitchboardListener) {
    this.#peer = peer
    this.#whereabouts = whereabouts
    this.#listener = listener
    peer.on('channel', (channel) => void this.#open('called', channel))
  }

  /** The line to speak to a user on: a direct one before a relayed one, and the newest, since an old one may lead to a page that was reloaded. */
  lineTo(user: UserKey): Line | undefined {
    const lines = this.#linesTo(user)
    return lines.findLast(({ direct }) => direct) ?? lines.at(-1)
  }

  /** Opens a line to a user, unless there is one. False: they are nowhere, or no peer of theirs answers. Never rejects. */
  call(user: UserKey): Promise<boolean> {
    if (this.lineTo(user)) return Promise.resolve(true)
    const underWay = this.#calls.get(user)
    if (underWay) return underWay
    const call = this.#tryPeers(user)
      .catch(() => false)
      .finally(() => this.#calls.delete(user))
    this.#calls.set(user, call)
    return call
  }

  hangUp(user: UserKey) {
    for (const line of this.#linesTo(user)) line.close()
  }

  /** Closes all lines: those at the other ends see at once that this tab is gone. */
  close() {
    for (const line of this.#lines) line.close()
  }

  async #tryPeers(user: UserKey): Promise<boolean> {
    const signal = AbortSignal.timeout(callTimeoutMs)
    for (const peerId of await this.#whereabouts.find(user, signal)) {
      if (peerId === this.#peer.id) continue
      try {
        const line = this.#open('calling', await this.#peer.connect(peerId, { signal }))
        if (line && (await this.#introduced(line)) === user) return true
      } catch {
        // That tab is gone: the next one may be there.
      }
    }
    return this.lineTo(user) !== undefined
  }

  #open(side: 'calling' | 'called', channel: Channel): Line | undefined {
    if (this.#lines.size >= linesMax) {
      channel.close()
      return undefined
    }
    const line = new Line(channel, () => this.#whereabouts.delegation(), {
      admits: (user) => this.#listener.admits(user),
      opened: (opened, user) => this.#opened(opened, user),
      said: (...words) => this.#listener.said(...words),
      received: (...words) => this.#listener.received(...words),
      closed: (closed) => this.#closed(closed),
    })
    this.#lines.add(line)
    if (side === 'called') this.#makeRoomFor(line)
    line.begin(side)
    return line
  }

  #makeRoomFor(line: Line) {
    this.#callers.add(line)
    const strangers = [...this.#callers].filter(({ user }) => user === undefined || !this.#listener.knows(user))
    for (const oldest of strangers.slice(0, -strangersMax)) oldest.close()
  }

  /** Who is at the other end, once they have said so. */
  #introduced(line: Line): Promise<UserKey | undefined> {
    if (line.user !== undefined || !this.#lines.has(line)) return Promise.resolve(line.user)
    return new Promise((resolve) => this.#introductions.set(line, resolve))
  }

  #opened(line: Line, user: UserKey) {
    this.#introductions.get(line)?.(user)
    this.#introductions.delete(line)
    if (this.#linesTo(user).length === 1) this.#listener.reached(user)
  }

  #closed(line: Line) {
    this.#lines.delete(line)
    this.#callers.delete(line)
    this.#introductions.get(line)?.(undefined)
    this.#introductions.delete(line)
    if (line.user === undefined) return
    if (this.lineTo(line.user)) this.#listener.rerouted(line.user)
    else this.#listener.lost(line.user)
  }

  #linesTo(user: UserKey): Line[] {
    return [...this.#lines].filter((line) => line.user === user)
  }
}
