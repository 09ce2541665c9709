import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { LinkId } from '../links/routing-table.js'
import type { Record } from '../records/record.js'
import type { Compared, RecordRoomEffect } from '../records/record-room.js'
import type { VersionDigest } from '../records/record-version.js'
import type { WatchAsker } from '../watches/watch-room.js'
import type { Answer, MessageId, Question, StoreOrder, Want, WatchQuestion } from '../wire/message.js'
import type { ConfirmationAsker } from './confirmations.js'
import type { IsCrowded } from './crowding.js'
import type { NewDelivering } from './delivering.js'
import type { Found } from './lookup.js'
import type { OperationAsker, OperationId, Outcome } from './operations.js'
import type { NewPlacements, PlacementAsker, PlacementSeek, PlacementsEffect } from './placements.js'
import type { RepairsOf } from './read-repair.js'
import type { NewRefresh } from './refresh.js'
import type { SurroundingAsker } from './surrounding.js'
import type { Turns } from './turns.js'
import type { Wrote } from './writes-under-way.js'

/** Who waits for an answer. */
export type Asker =
  | OperationAsker
  | { readonly for: 'liveness'; readonly link: LinkId }
  | { readonly for: 'push'; readonly id: string }
  | { readonly for: 'comparison'; readonly with: Contact; readonly compared: readonly Compared[] }
  | ConfirmationAsker
  | PlacementAsker
  | WatchAsker
  | SurroundingAsker

/** What `Asking` may be given late. */
export interface AskingParts {
  readonly newDelivering: NewDelivering
  readonly newPlacements: NewPlacements
  readonly newRefresh: NewRefresh
  readonly newTurns: () => Turns
  readonly repairsOf: RepairsOf
  readonly isCrowded: IsCrowded
}

export type AskingEvent =
  | ({ type: 'late' } & AskingParts)
  | { type: 'read'; operation: OperationId; target: Key; want: Exclude<Want, 'peers'>; unixS: number }
  /** `all`: it is answered for only when all replicas were heard; else when most have it. */
  | { type: 'write'; operation: OperationId; record: Record; ifSeq?: bigint; all?: boolean; unixS: number }
  | { type: 'rewrite'; record: Record; all: boolean; unixS: number }
  | { type: 'locate'; operation: OperationId; target: Key; unixS: number }
  /** A record arrived at this peer, to be handed to its replicas. */
  | { type: 'placement'; seek: PlacementSeek; unixS: number }
  | { type: 'push'; id: string; record: Record; to: Contact; route: readonly Key[]; unixS: number }
  | { type: 'compare'; compared: readonly Compared[]; to: Contact; route: readonly Key[]; unixS: number }
  | { type: 'ping'; link: LinkId; to: Key }
  /** A watch looks for the replicas of its key. */
  | { type: 'findReplicas'; topic: string; target: Key; unixS: number }
  | { type: 'pose'; asker: WatchAsker; to: Key; route: readonly Key[]; question: WatchQuestion; tries: number; unixS: number }
  | { type: 'pose'; asker: SurroundingAsker; to: Key; route: readonly Key[]; question: Question; tries: number; unixS: number }
  | { type: 'lookAround'; search: number; point: number; target: Key; unixS: number }
  | { type: 'cancel'; operation: OperationId }
  /** `route`: the peers it passed on its way here, the one nearest to here first. */
  | { type: 'answered'; id: MessageId; from: Key; route: readonly Key[]; answer: Answer }
  | { type: 'setOut'; id: MessageId; via: Key }
  | { type: 'nowhere' | 'lost'; id: MessageId }
  | { type: 'undeliverable'; id: MessageId }
  | { type: 'linked'; contact: Contact; sibling: boolean }
  | { type: 'unlinked'; contact: Contact; sibling: boolean }
  | { type: 'woke' }

export type AskingEffect =
  | { type: 'ask'; id: MessageId; to: Key; route: readonly Key[]; question: Question }
  | { type: 'seek'; id: MessageId; target: Key; want: Want; avoid: readonly Key[]; store?: StoreOrder }
  | Extract<PlacementsEffect, { type: 'respond' }>
  | { type: 'finish'; operation: OperationId; outcome: Outcome }
  | { type: 'located'; operation: OperationId; contact: Contact | undefined; route: readonly Key[] }
  /** Whom `Refresh` met. */
  | { type: 'found'; contacts: readonly Found[] }
  | { type: 'alive'; link: LinkId; rttMs: number }
  | { type: 'silent'; link: LinkId }
  /** A linked peer left a question unanswered: is it there? */
  | { type: 'troubled'; link: LinkId }
  | { type: 'pushed' | 'notPushed'; id: string; to: Key }
  | { type: 'compared'; to: Contact; compared: readonly Compared[]; lacking: readonly VersionDigest[] | undefined }
  | { type: 'replicasFound'; topic: string; closest: readonly Found[] }
  | { type: 'lookedAround'; search: number; point: number; closest: readonly Found[] }
  /** What was posed was answered; undefined: it was not. */
  | { type: 'replied'; asker: WatchAsker | SurroundingAsker; answer: Answer | undefined }
  | Wrote
  | { type: 'records'; effects: readonly RecordRoomEffect[] }
  | { type: 'unasked' }
