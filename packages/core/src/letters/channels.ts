import { LateMap } from '../late-map.js'
import { Channel, type ChannelEffect, type ChannelEvent } from './channel.js'
import type { FreshIds } from '../fresh-ids.js'
import type { Key } from '../keys/key.js'
import type { ChannelFrame, ChannelId } from '../wire/letter.js'
import type { Contact } from '../keys/public-key.js'

/** Channels of one peer at one time, and with one other peer: each may hold 1.3 MiB of parts. */
export const channelsMax = 128
export const channelsPerPeerMax = 16
/** With so many others open no more: strangers are as many as they like, and the app is to have room to connect. */
export const channelsForOthersMax = 96
/** A direct link is waited for this long before the channel is opened over relays. */
export const directWaitMs = 8_000
/** The other end has this long to answer each of `openTriesMax` tries to open a channel. */
export const openTryMs = 3_000
export const openTriesMax = 3

/** `locating`: a lookup seeks the peer. `introducing`: a direct link is being made. `opening`: the other end was asked. */
type Connecting =
  | { readonly state: 'locating'; readonly operation: number; readonly to: Key }
  | { readonly state: 'introducing'; readonly operation: number; readonly contact: Contact; readonly deadlineMs: number }
  | {
      readonly state: 'opening'
      readonly operation: number
      readonly contact: Contact
      readonly channel: ChannelId
      readonly tries: number
      readonly deadlineMs: number
    }

export type ChannelsEvent =
  /** `contact` where the peer is known already, and whether it is linked. */
  | { type: 'connect'; operation: number; to: Key; contact: Contact | undefined; linked: boolean }
  | { type: 'located'; operation: number; contact: Contact | undefined; linked: boolean }
  | { type: 'linked'; to: Key }
  | { type: 'unlinked'; to: Key }
  /** What was written to this peer last may be lost. */
  | { type: 'renewed'; to: Key }
  | { type: 'introductionFailed'; to: Key }
  | { type: 'letter'; from: Contact; body: ChannelFrame }
  | { type: 'send'; operation: number; channel: ChannelId; data: Uint8Array }
  | { type: 'close'; channel: ChannelId }
  | { type: 'cancelled'; operation: number }
  | { type: 'woke' }

export type ChannelsEffect =
  | { type: 'locate'; operation: number; target: Key }
  | { type: 'introduce'; contact: Contact }
  | { type: 'write'; to: Key; body: ChannelFrame }
  /** A channel is open: `operation` is the `connect` that asked for it, undefined when the other end did. */
  | { type: 'opened'; operation: number | undefined; channel: ChannelId; contact: Contact }
  | { type: 'message'; channel: ChannelId; data: Uint8Array }
  | { type: 'finish'; operation: number; outcome: 'sent' | 'closed' | 'unreachable' | 'tooMany' }
  | { type: 'closed'; channel: ChannelId; contact: Contact; reason: 'closed' | 'lost' | 'abused' }

/**
 * All channels of a peer, and those being opened: over a direct link if one can be made, else over relays.
 * Invariants: 1. every `connect` and every send ends once; 2. a frame counts only from the channel's other end; 3. at most `channelsMax` exist, and others open none beyond `channelsForOthersMax`.
 */
export class Channels {
  readonly #ids: FreshIds
  readonly #connecting = new LateMap<number, Connecting>()
  readonly #channels = new LateMap<ChannelId, Channel>()

  constructor(ids: FreshIds) {
    this.#ids = ids
  }

  handle(event: ChannelsEvent, nowMs: number): ChannelsEffect[] {
    switch (event.type) {
      case 'connect':
        return this.#connect(event, nowMs)
      case 'located': {
        const connecting = this.#connecting.get(event.operation)
        if (connecting?.state !== 'locating') return []
        if (event.contact)
          return event.linked ? this.#open(event.operation, event.contact, nowMs) : this.#introduce(event.operation, event.contact, nowMs)
        this.#connecting.delete(event.operation)
        return [{ type: 'finish', operation: event.operation, outcome: 'unreachable' }]
      }
      case 'linked':
        return [...this.#introduced(event.to, nowMs), ...this.#rerouted(event.to, nowMs)]
      case 'introductionFailed':
        return this.#introduced(event.to, nowMs)
      case 'unlinked':
      case 'renewed':
        return this.#rerouted(event.to, nowMs)
      case 'letter':
        return this.#letter(event.from, event.body, nowMs)
      case 'send': {
        const channel = this.#channels.get(event.channel)
        if (!channel) return [{ type: 'finish', operation: event.operation, outcome: 'closed' }]
        return this.#run(channel, { type: 'send', operation: event.operation, data: event.data }, nowMs)
      }
      case 'close': {
        const channel = this.#channels.get(event.channel)
        return channel ? this.#run(channel, { type: 'close' }, nowMs) : []
      }
      case 'cancelled': {
        const connecting = this.#connecting.get(event.operation)
        this.#connecting.delete(event.operation)
        if (connecting) return connecting.state === 'opening' ? [closeAt(connecting.contact, connecting.channel)] : []
        return [...this.#channels.values()].flatMap((channel) => this.#run(channel, event, nowMs))
      }
      case 'woke':
        return this.#woke(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest: number | undefined
    const note = (atMs: number | undefined) => {
      if (atMs !== undefined && (earliest === undefined || atMs < earliest)) earliest = atMs
    }
    for (const connecting of this.#connecting.values()) if (connecting.state !== 'locating') note(connecting.deadlineMs)
    for (const channel of this.#channels.values()) note(channel.wakeAtMs)
    return earliest
  }

  /** Whether a channel with this peer is open or being opened: its link is worth keeping. */
  involves(id: Key): boolean {
    return (
      [...this.#channels.values()].some(({ contact }) => contact.id.equals(id)) ||
      [...this.#connecting.values()].some((connecting) => connecting.state !== 'locating' && connecting.contact.id.equals(id))
    )
  }

  #connect(event: Extract<ChannelsEvent, { type: 'connect' }>, nowMs: number): ChannelsEffect[] {
    const { operation, contact, to } = event
    if (this.#channels.size + this.#connecting.size >= channelsMax) return [{ type: 'finish', operation, outcome: 'tooMany' }]
    if (contact && event.linked) return this.#open(operation, contact, nowMs)
    if (contact) return this.#introduce(operation, contact, nowMs)
    this.#connecting.set(operation, { state: 'locating', operation, to })
    return [{ type: 'locate', operation, target: to }]
  }

  #introduce(operation: number, contact: Contact, nowMs: number): ChannelsEffect[] {
    this.#connecting.set(operation, { state: 'introducing', operation, contact, deadlineMs: nowMs + directWaitMs })
    return [{ type: 'introduce', contact }]
  }

  #introduced(to: Key, nowMs: number): ChannelsEffect[] {
    return [...this.#connecting.values()].flatMap((connecting) =>
      connecting.state === 'introducing' && connecting.contact.id.equals(to)
        ? this.#open(connecting.operation, connecting.contact, nowMs)
        : [],
    )
  }

  #open(operation: number, contact: Contact, nowMs: number): ChannelsEffect[] {
    const channel = this.#ids.channel()
    this.#connecting.set(operation, { state: 'opening', operation, contact, channel, tries: 1, deadlineMs: nowMs + openTryMs })
    return [{ type: 'write', to: contact.id, body: { type: 'open', channel } }]
  }

  #letter(from: Contact, frame: ChannelFrame, nowMs: number): ChannelsEffect[] {
    const channel = this.#channels.get(frame.channel)
    if (channel && !channel.contact.id.equals(from.id)) return []
    switch (frame.type) {
      case 'open':
        return this.#openedByOther(from, frame.channel, channel, nowMs)
      case 'opened': {
        const opened = this.#openedForUs(from, frame.channel, nowMs)
        // Nobody waits for it any more.
        return channel || opened.length > 0 ? opened : [closeAt(from, frame.channel)]
      }
      case 'close':
        if (!channel) return this.#refusedByOther(from, frame.channel)
        return this.#run(channel, { type: 'frame', frame }, nowMs)
      case 'part':
      case 'progress':
      case 'probe':
        if (channel) return this.#run(channel, { type: 'frame', frame }, nowMs)
        return this.#beforeOpened(from, frame, nowMs)
    }
  }

  /** The other end agreed to a channel that this end is opening. */
  #openedForUs(from: Contact, id: ChannelId, nowMs: number): ChannelsEffect[] {
    const connecting = this.#openingOf(from, id)
    if (!connecting) return []
    this.#connecting.delete(connecting.operation)
    this.#channels.set(id, new Channel(id, from, nowMs))
    return [{ type: 'opened', operation: connecting.operation, channel: id, contact: from }]
  }

  /** It overtook the `opened` that it follows, or the other end still believes in a channel that is gone here (after a reload, say). */
  #beforeOpened(from: Contact, frame: Extract<ChannelFrame, { type: 'part' | 'progress' | 'probe' }>, nowMs: number): ChannelsEffect[] {
    const opened = this.#openedForUs(from, frame.channel, nowMs)
    const channel = this.#channels.get(frame.channel)
    if (channel) return [...opened, ...this.#run(channel, { type: 'frame', frame }, nowMs)]
    return frame.type === 'progress' ? [] : [closeAt(from, frame.channel)]
  }

  #openingOf(from: Contact, id: ChannelId): Extract<Connecting, { state: 'opening' }> | undefined {
    for (const one of this.#connecting.values())
      if (one.state === 'opening' && one.channel === id && one.contact.id.equals(from.id)) return one
    return undefined
  }

  #openedByOther(from: Contact, id: ChannelId, before: Channel | undefined, nowMs: number): ChannelsEffect[] {
    const opened: ChannelsEffect = { type: 'write', to: from.id, body: { type: 'opened', channel: id } }
    if (before) return [opened]
    const withThem = [...this.#channels.values()].filter(({ contact }) => contact.id.equals(from.id)).length
    if (this.#channels.size >= channelsForOthersMax || withThem >= channelsPerPeerMax) {
      return [closeAt(from, id)]
    }
    this.#channels.set(id, new Channel(id, from, nowMs))
    return [opened, { type: 'opened', operation: undefined, channel: id, contact: from }]
  }

  #refusedByOther(from: Contact, channel: ChannelId): ChannelsEffect[] {
    const connecting = this.#openingOf(from, channel)
    if (!connecting) return []
    this.#connecting.delete(connecting.operation)
    return [{ type: 'finish', operation: connecting.operation, outcome: 'unreachable' }]
  }

  #rerouted(to: Key, nowMs: number): ChannelsEffect[] {
    return [...this.#channels.values()].flatMap((channel) =>
      channel.contact.id.equals(to) ? this.#run(channel, { type: 'rerouted' }, nowMs) : [],
    )
  }

  #woke(nowMs: number): ChannelsEffect[] {
    const late = [...this.#connecting.values()].filter((one) => one.state !== 'locating' && one.deadlineMs <= nowMs)
    const connecting = late.flatMap((one): ChannelsEffect[] => {
      if (one.state === 'introducing') return this.#open(one.operation, one.contact, nowMs)
      if (one.state !== 'opening') return []
      if (one.tries >= openTriesMax) {
        this.#connecting.delete(one.operation)
        return [{ type: 'finish', operation: one.operation, outcome: 'unreachable' }]
      }
      this.#connecting.set(one.operation, { ...one, tries: one.tries + 1, deadlineMs: nowMs + openTryMs })
      return [{ type: 'write', to: one.contact.id, body: { type: 'open', channel: one.channel } }]
    })
    return [...connecting, ...[...this.#channels.values()].flatMap((channel) => this.#run(channel, { type: 'woke' }, nowMs))]
  }

  #run(channel: Channel, event: ChannelEvent, nowMs: number): ChannelsEffect[] {
    return channel.handle(event, nowMs).flatMap((effect) => this.#translate(channel, effect))
  }

  #translate(channel: Channel, effect: ChannelEffect): ChannelsEffect[] {
    switch (effect.type) {
      case 'write':
        return [{ type: 'write', to: channel.contact.id, body: effect.body }]
      case 'message':
        return [{ type: 'message', channel: channel.id, data: effect.data }]
      case 'sent':
        return [{ type: 'finish', operation: effect.operation, outcome: 'sent' }]
      case 'unsent':
        return [{ type: 'finish', operation: effect.operation, outcome: 'closed' }]
      case 'closed': {
        this.#channels.delete(channel.id)
        const unsent = effect.unsent.map((operation): ChannelsEffect => ({ type: 'finish', operation, outcome: 'closed' }))
        return [...unsent, { type: 'closed', channel: channel.id, contact: channel.contact, reason: effect.reason }]
      }
    }
  }
}

function closeAt(other: Contact, channel: ChannelId): ChannelsEffect {
  return { type: 'write', to: other.id, body: { type: 'close', channel } }
}
