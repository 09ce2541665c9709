import {
  type ChannelId,
  type Contact,
  contactOf,
  type LinkLimits,
  mailBytesMax,
  type OverlayNotice,
  type PeerRole,
  printPublicKey,
} from '@hashtab/core'
import { type CallOptions, Calls } from './calls.js'
import { bytesOf, type Data, keyOf, peerIdKey, publicKeyOf } from './data.js'
import { Driver, type DriverParts } from './driver.js'
import type { Entry } from './entry.js'
import { Joining } from './joining.js'
import { Listeners } from './listeners.js'
import type { ChannelHost, PeerChannel } from './peer-channel.js'
import { PeerError } from './peer-error.js'
import type { MeetingPoint } from './ports/meeting-point.js'
import type { Signer } from './ports/signer.js'
import type { Storage } from './ports/storage.js'
import type { Transport } from './ports/transport.js'
import { RecordDesk, type StoreOptions, type WriteOptions, type WriteResult } from './record-desk.js'
import type { PeerStatus, Phase } from './status.js'
import { SystemClock } from './system-clock.js'
import { systemRandom } from './system-random.js'
import { WatchDesk } from './watch-desk.js'
import { verify } from './verify.js'

/** What a peer is made of. `hashtab`'s `join` fills it in with good defaults. */
export interface PeerParts extends Partial<Pick<DriverParts, 'clock' | 'random' | 'verify' | 'mayLink'>> {
  readonly signer: Signer
  readonly transport: Transport
  readonly storage: Storage
  readonly meetingPoints: readonly MeetingPoint[]
  readonly links?: LinkLimits
  /** Whether `storage` outlives the tab. */
  readonly keeps?: boolean
  /** Called when the peer has left, and its identity may be used again. */
  readonly left?: () => void
}

/** A message from another peer's `send`. */
export interface PeerMessage {
  /** The sender's id: 40 hex digits. Proved. */
  readonly from: string
  /** The sender's public key: 64 hex digits. */
  readonly publicKey: string
  readonly data: Uint8Array
}

export interface PeerEvents {
  message: PeerMessage
  /** Another peer has connected to this one. */
  channel: PeerChannel
  status: PeerStatus
}

/** Records handed over, and good-byes said, have this long to get out. */
const leaveMs = 500

/** One peer of the table, as an app uses it. Every call takes an `AbortSignal`; every failure is a `PeerError` with a `code`. */
export class Peer {
  readonly id: string
  /** 64 hex digits. */
  readonly publicKey: string
  readonly #driver: Driver
  readonly #calls: Calls
  readonly #records: RecordDesk
  readonly #watches: WatchDesk
  readonly #joining: Joining
  readonly #keeps: boolean
  readonly #left: () => void
  readonly #listeners = new Listeners<PeerEvents>()
  readonly #channels = new Map<ChannelId, { channel: PeerChannel; contact: Contact }>()
  #statusTold = ''
  #leaving: Promise<void> | undefined

  private constructor(parts: PeerParts) {
    const clock = parts.clock ?? new SystemClock()
    this.#driver = new Driver({ ...parts, clock, random: parts.random ?? systemRandom, verify: parts.verify ?? verify })
    this.id = this.#driver.overlay.self.hex
    this.publicKey = printPublicKey(parts.signer.publicKey)
    this.#keeps = parts.keeps ?? true
    this.#left = parts.left ?? (() => {})
    this.#calls = new Calls(this.#driver)
    this.#records = new RecordDesk(this.#driver, this.#calls, parts.signer, clock)
    this.#watches = new WatchDesk(this.#driver)
    this.#joining = new Joining(clock, () => this.#tellStatus())
    this.#driver.events.on('notice', (notice) => this.#notice(notice))
    this.#driver.events.on('changed', () => this.#changed())
  }

  /** Starts a peer of these parts. Resolves as soon as it runs: links come a moment later. */
  static async start(parts: PeerParts): Promise<Peer> {
    const peer = new Peer(parts)
    await peer.#driver.start()
    return peer
  }

  /** How this peer is, now. The `status` event tells of changes. */
  get status(): PeerStatus {
    const { messagesDropped, ...overlay } = this.#driver.overlay.status
    const { fault } = this.#driver.shelf
    return {
      phase: this.#phase,
      ...overlay,
      safeToClose: overlay.pendingWrites === 0,
      storage: this.#keeps && !fault ? 'kept' : 'memory',
      ...(fault && { storageFault: fault }),
      meetingPoints: this.#driver.place.states.map((state) => ({ ...state })),
      connectionsMade: this.#driver.connectionsMade,
      messagesDropped: messagesDropped + this.#driver.lettersUnsigned,
    }
  }

  /**
   * Puts this peer's record (or the signer's) under an open key: at most 976 bytes, one record per publisher, replacing its older one.
   * Errors: `too-large`, `not-stored`, `cas-mismatch`, `quota`, `invalid`; on a condition (`ifSeq`) `no-peers`.
   */
  async put(key: Data, value: Data, options: WriteOptions = {}): Promise<WriteResult> {
    await this.#settled(options.signal)
    return this.#records.put(keyOf(key), value, options)
  }

  /** The newest record of each publisher under an open key, the newest first. Errors: `no-peers`, `timed-out`. */
  async get(key: Data, options: CallOptions = {}): Promise<Entry[]> {
    await this.#settled(options.signal)
    return this.#records.get(keyOf(key), options)
  }

  /** Publishes this peer's own record (or the signer's) under a name of at most 64 bytes: at most 976 bytes. Errors: as of `put`, and `invalid`. */
  async publish(name: string, value: Data, options: WriteOptions = {}): Promise<WriteResult> {
    await this.#settled(options.signal)
    return this.#records.publish(name, value, options)
  }

  /** What the holder of a public key (64 hex digits) has published under a name. Errors: `no-peers`, `timed-out`, `invalid`. */
  async resolve(publicKey: string, name: string, options: CallOptions = {}): Promise<Entry | undefined> {
    const key = publicKeyOf(publicKey)
    await this.#settled(options.signal)
    return this.#records.resolve(key, name, options)
  }

  /**
   * Calls the listener for the record of each publisher under an open key: for those there are, then for each change as it comes, pushed by those who keep them.
   * Each version is told once, none after a later one; an entry without bytes says that what was told is deleted. While nobody is there it goes on trying: see
   * `status.watchesLive`. Answers with the call that stops it; an aborted signal stops it as well, and so does leaving. Errors: `quota`, `left`.
   */
  watch(key: Data, listener: (entry: Entry) => void, options: CallOptions = {}): () => void {
    this.#throwIfLeft()
    return this.#watches.watch(keyOf(key), listener, options)
  }

  /** As `watch`, for what the holder of a public key (64 hex digits) publishes under a name. Errors: `quota`, `left`, `invalid`. */
  follow(publicKey: string, name: string, listener: (entry: Entry) => void, options: CallOptions = {}): () => void {
    this.#throwIfLeft()
    return this.#watches.follow(publicKeyOf(publicKey), name, listener, options)
  }

  /** Stores at most 16 KiB under their own hash. The address: 64 hex digits. Errors: `too-large`, `not-stored`, `quota`. */
  async store(data: Data, options: StoreOptions = {}): Promise<string> {
    await this.#settled(options.signal)
    return this.#records.store(data, options)
  }

  /** The bytes at an address. Errors: `no-peers`, `timed-out`, `invalid`. */
  async load(address: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    await this.#settled(options.signal)
    return this.#records.load(address, options)
  }

  /** Sends at most 8 KiB to another peer, linked or not; resolves when it is there. Errors: `too-large`, `no-peers`, `unreachable`, `queue-full`, `invalid`. */
  async send(peerId: string, data: Data, options: CallOptions = {}): Promise<void> {
    const to = peerIdKey(peerId)
    const bytes = bytesOf(data)
    if (bytes.length > mailBytesMax)
      throw new PeerError('too-large', `A message has at most ${mailBytesMax} bytes: connect, and send it over the channel.`)
    await this.#linked(options.signal)
    const outcome = await this.#calls.begin({ type: 'mail', to, data: bytes }, options.signal)
    if (outcome.type !== 'mailed' || !outcome.received) throw notReached(outcome)
  }

  /** Opens a channel to another peer: direct where one can be made, relayed else. Errors: `no-peers`, `unreachable`, `queue-full`, `invalid`. */
  async connect(peerId: string, options: CallOptions = {}): Promise<PeerChannel> {
    const to = peerIdKey(peerId)
    if (to.equals(this.#driver.overlay.self)) throw new PeerError('invalid', 'This is the peer itself: connect to another.')
    await this.#linked(options.signal)
    const outcome = await this.#calls.begin({ type: 'connect', to }, options.signal)
    const held = outcome.type === 'connected' ? this.#channels.get(outcome.channel) : undefined
    if (!held) throw notReached(outcome)
    return held.channel
  }

  /**
   * Says what this peer would rather be. A leaf hands over what it keeps of others and keeps a few links; it goes on reading, writing, watching, and being reached.
   * It stays full while fewer than 8 others serve: `status.role` tells. Full again it is at once. `join` does this by itself as the tab is hidden and shown (`role`).
   * Error: `invalid`.
   */
  become(role: PeerRole): void {
    if (role !== 'full' && role !== 'leaf') throw new PeerError('invalid', `A role is 'full' or 'leaf', not ${JSON.stringify(role)}.`)
    this.#driver.handle({ type: 'become', role })
  }

  /** Says that the machine or the page stood still for a while: every link is to prove that it lives. Clock jumps of over 90 s are noticed without it. */
  resume(): void {
    this.#driver.resume()
  }

  /** Listens; answers with the call that stops it. */
  on<Name extends keyof PeerEvents>(name: Name, listener: (value: PeerEvents[Name]) => void): () => void {
    return this.#listeners.on(name, listener)
  }

  /** Leaves: hands records over, says good-bye, ends every link. The same promise when called again. */
  leave(): Promise<void> {
    return (this.#leaving ??= this.#leave())
  }

  async #leave(): Promise<void> {
    for (const { channel } of this.#channels.values()) channel.close()
    this.#watches.end()
    this.#driver.leave()
    // A page that goes away may not live to see the end of this: what is to outlive it is on its way to the disk first.
    void this.#driver.shelf.flushed()
    this.#calls.end()
    for (const { channel } of this.#channels.values()) channel.ended('closed')
    this.#joining.end()
    this.#tellStatus()
    if (this.#driver.overlay.status.links > 0) await new Promise<void>((resolve) => this.#joining.clock.wake(leaveMs, resolve))
    await this.#driver.stop()
    this.#left()
    this.#listeners.clear()
  }

  get #phase(): Phase {
    return this.#leaving ? 'left' : this.#joining.phase
  }

  async #settled(signal: AbortSignal | undefined): Promise<void> {
    this.#throwIfLeft()
    signal?.throwIfAborted()
    await this.#joining.settled(signal)
    this.#throwIfLeft()
  }

  #throwIfLeft(): void {
    if (this.#leaving) throw new PeerError('left', 'This peer has left the table: join again.')
  }

  async #linked(signal: AbortSignal | undefined): Promise<void> {
    await this.#settled(signal)
    if (this.#driver.overlay.status.links > 0) return
    throw new PeerError('no-peers', 'Nobody is linked: wait until status.phase is online, and try again.')
  }

  #notice(notice: OverlayNotice): void {
    switch (notice.type) {
      case 'linked':
      case 'unlinked':
        for (const { channel, contact } of this.#channels.values()) {
          if (contact.id.equals(notice.contact.id)) channel.rerouted(notice.type === 'linked')
        }
        return
      case 'mail':
        return this.#listeners.emit('message', {
          from: notice.from.id.hex,
          publicKey: printPublicKey(notice.from.publicKey),
          data: notice.data,
        })
      case 'channelOpened': {
        const channel = this.#addChannel(notice.channel, notice.contact)
        return notice.byUs ? undefined : this.#listeners.emit('channel', channel)
      }
      case 'channelMessage':
        return this.#channels.get(notice.channel)?.channel.received(notice.data)
      case 'channelClosed': {
        const held = this.#channels.get(notice.channel)
        this.#channels.delete(notice.channel)
        return held?.channel.ended(notice.reason)
      }
      case 'watched':
      case 'drawn':
        return
    }
  }

  #addChannel(id: ChannelId, contact: Contact): PeerChannel {
    const host: ChannelHost = {
      sendOn: async (channel, data, signal) => {
        const outcome = await this.#calls.begin({ type: 'channelSend', channel, data }, signal)
        if (outcome.type !== 'sent') throw new PeerError('closed', 'The channel was closed before the message got out: connect again.')
      },
      closeChannel: (channel) => this.#driver.handle({ type: 'channelClose', channel }),
      isLinkedTo: (other) => this.#driver.overlay.isLinkedTo(other.id),
    }
    const channel = this.#driver.newChannel(host, id, contact)
    this.#channels.set(id, { channel, contact })
    return channel
  }

  #changed(): void {
    this.#joining.look(this.#driver.overlay.status.links, this.#driver.place)
    this.#tellStatus()
  }

  #tellStatus(): void {
    const { status } = this
    const { connectionsMade: _made, messagesDropped: _dropped, recordsKept: _kept, ...shown } = status
    const told = JSON.stringify(shown)
    if (told === this.#statusTold) return
    this.#statusTold = told
    this.#listeners.emit('status', status)
  }
}

/** The id of the peer with this public key (64 hex digits): 40 hex digits, the first 20 bytes of its SHA-256. Error: `invalid`. */
export function peerIdOf(publicKey: string): string {
  return contactOf(publicKeyOf(publicKey)).id.hex
}

function notReached({ type }: { readonly type: string }): PeerError {
  return type === 'tooMany'
    ? new PeerError('queue-full', 'Too many at once: await some, or close channels.')
    : new PeerError('unreachable', 'The peer was not found, or does not answer: it may have left.')
}
