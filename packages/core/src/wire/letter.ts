import type { ExchangeKey } from '../keys/cipher-suite.js'
import type { Key } from '../keys/key.js'

/**
 * What one peer tells another that it may have no link to. Introductions and greetings travel as letters, signed by the writer.
 * What apps say is bare when it is spoken over their own link, and encrypted when it is not: see `Sessions`.
 */
export type LetterBody = Introduction | Greeting | Whisper

/** What apps say to each other: for nobody else's eyes. */
export type Whisper = Mail | ChannelFrame

/**
 * Making a link: see `Introductions`. Nonces are 16 bytes as 32 hex digits; an offer and what follows carry both. Keys are made for this introduction alone;
 * what is sealed under them (`IntroductionSeal`) is the transport's description of one end, or its late candidates. `writtenUnixS`: when, by the writer's clock.
 */
export type Introduction =
  | { readonly type: 'knock'; readonly nonce: Nonce; readonly key: ExchangeKey; readonly writtenUnixS: number; readonly why: Why }
  | { readonly type: 'offer'; readonly nonce: Nonce; readonly offerNonce: Nonce; readonly key: ExchangeKey; readonly sealed: Uint8Array }
  | { readonly type: 'answer'; readonly nonce: Nonce; readonly offerNonce: Nonce; readonly sealed: Uint8Array }
  | { readonly type: 'candidates'; readonly nonce: Nonce; readonly offerNonce: Nonce; readonly sealed: Uint8Array }
  | { readonly type: 'refusal'; readonly nonce: Nonce; readonly reason: RefusalReason; readonly retryAfterS: number }

export type Nonce = string
export const nonceBytes = 16

/** Why a link is asked for: the other is among the closest to us, fills a bucket, or an app wants it. */
export type Why = 'sibling' | 'bucket' | 'app'
/** `full`: as many links as it may have; `busy`: no dial left in the budget. */
export type RefusalReason = 'full' | 'busy'

/** Coming to keys that two peers share: see `Handshake`. The answer names the session that follows from the greeting. */
export type Greeting =
  | { readonly type: 'greeting'; readonly writtenUnixS: number; readonly message: Uint8Array }
  | { readonly type: 'greeted'; readonly session: SessionId; readonly message: Uint8Array }

/** The first 16 bytes of the hash of a handshake's transcript after the greeting, as 32 hex digits. */
export type SessionId = string
export const sessionIdBytes = 16

/** A message between apps, and the receipt for it. */
export type Mail =
  | { readonly type: 'mail'; readonly mailId: MailId; readonly writtenUnixS: number; readonly data: Uint8Array }
  | { readonly type: 'received'; readonly mailId: MailId }

/** 8 random bytes as 16 hex digits, the same over all tries. */
export type MailId = string

/** One channel between two apps: see `Channel`. A channel's id is 16 random bytes as 32 hex digits, chosen by the end that opens it. */
export type ChannelFrame =
  | { readonly type: 'open'; readonly channel: ChannelId }
  | { readonly type: 'opened'; readonly channel: ChannelId }
  /** Part `seq` of the stream; `last`: a message ends with it. All others have `partBytesMax` bytes. */
  | { readonly type: 'part'; readonly channel: ChannelId; readonly seq: number; readonly last: boolean; readonly data: Uint8Array }
  /** Every part below `next` has come; parts below `limit` may be sent. */
  | { readonly type: 'progress'; readonly channel: ChannelId; readonly next: number; readonly limit: number }
  /** Are you still there? Answered with `progress`, or with `close` by an end that knows no such channel. */
  | { readonly type: 'probe'; readonly channel: ChannelId }
  | { readonly type: 'close'; readonly channel: ChannelId }

export type ChannelId = string

/**
 * How a letter reaches its reader: over the overlay (along these peers, then greedily), or by a meeting point (its number with the driver).
 */
export type Carriage = { readonly by: 'overlay'; readonly route: readonly Key[] } | { readonly by: 'meetingPoint'; readonly point: number }

/** Bytes of app data in one mail: a letter with it stays below half a message. */
export const mailBytesMax = 8 * 1024
/** Bytes of app data in one part of a channel. */
export const partBytesMax = 12 * 1024
