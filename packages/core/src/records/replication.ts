import { LateMap } from '../late-map.js'
import { Key } from '../keys/key.js'
import { replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'
import type { RoutingTable } from '../links/routing-table.js'
import { forgetOthers, type Held, isCloser, isOther, isWithin, nearestCount, noteAround, noteStanding } from './held.js'
import { Duty, proofsNeeded } from './duty.js'
import { type HandInEffect, HandIns } from './hand-ins.js'
import { type CompareEffect, comparedMin, Comparisons } from './comparisons.js'
import { type Push, Pushes } from './pushes.js'
import type { ReplicaView } from './replica-view.js'

/** Changes of the surroundings within this time are answered together. */
export const settleMs = 2_000
/** A peer that has just been linked and does not know its surroundings yet pushes for so long only to those about as near as itself: others may be far off, with replicas between. */
export const arrivingMs = 15_000
/** Meanwhile it looks again this often. */
const arrivingLookMs = 1_000
/** Every record is compared with all its replicas this often, by the closest of them: mends what pushes missed. */
export const repairEveryMs = 600_000
/** The first time this soon: a writer may have missed a replica that was slow to answer, or have gone before it was through. */
export const firstRepairMs = 20_000
/** Records that are due within this time are compared with those that are due: one question asks for all. */
export const roundMs = 150_000
/** Records looked over in one go: the rest follows at once, in the next. */
export const lookedOverMax = 256
const nobody: readonly Contact[] = []
/** Milliseconds between two such goes. */
export const lookGapMs = 50
/** A push that failed is tried again this much later: a peer that was busy, or full, has had time. */
export const pushRetryMs = 15_000
/** Times a record is pushed to one peer before that is left to the next change or repair. */
export const pushTriesMax = 4
/** Pushes of a peer that leaves: what gets out before its links end. */
export const handedOverMax = 256
/** A holder that goes within this time of a change may have been gone before it pushed: a crash is noticed within half a minute. */
export const trustMs = 60_000
/** Peers that came or went, remembered until the records are looked over; beyond that every record counts as near one of them. */
export const touchedMax = 1_024
export type ReplicationEvent =
  /** A record is kept here now. `elsewhere`: whoever stored it stored it at all its replicas; else (restored from disk) nobody else is known to have it. `own`: it never goes. */
  | { type: 'kept'; id: string; key: Key; elsewhere: boolean; own: boolean }
  | { type: 'dropped'; id: string }
  /** These peers came or went, or may have: links, and whom linked peers say they are linked to. */
  | { type: 'changed'; contacts: readonly Contact[] }
  | { type: 'pushed'; id: string; to: Key }
  | { type: 'notPushed'; id: string; to: Key }
  /** Of these records, as they are kept here now, it has some, and lacks others. */
  | { type: 'compared'; to: Contact; has: readonly string[]; lacks: readonly string[] }
  | { type: 'notCompared'; to: Contact; ids: readonly string[] }
  /** A record that was handed in is kept by so many others now, as it is here; 0: by none, as far as is known. */
  | { type: 'handedIn'; id: string; storedElsewhere: number }
  /** This peer goes: hand over what can be. */
  | { type: 'leaving' }
  | { type: 'woke' }

export type ReplicationEffect =
  | PushEffect
  | CompareEffect
  | HandInEffect
  /** All replicas of this record are others, and the closest of them have said that they have it. */
  | { readonly type: 'drop'; readonly id: string }

/** `share` answers with a random number from 0 up to 1: repairs of different peers must not coincide. */
export type NewReplication = (table: RoutingTable, view: ReplicaView, share: () => number) => Replication

export interface PushEffect {
  readonly type: 'push'
  readonly id: string
  readonly to: Contact
}

/**
 * Keeps every record on the `replicas` peers closest to its key while peers come and go: whoever becomes responsible gets it pushed by
 * the closest of those that hold it. All holders see the same change, and all but the closest trust it to push, while it lives; the repair mends where that was wrong.
 * Invariants: 1. what is pushed is kept here; 2. at most `pushesMax` pushes are under way, but for the hand-over; 3. a record is pushed to a peer again
 * only when the push failed, the record changed, the peer was no longer among the nearest in between, at a repair, or when this peer leaves;
 * 4. a peer that may be made up (`ReplicaView`) is offered the record, and is no replica until it takes it; 5. nothing is dropped that this peer was a replica of
 * a round ago, nor before the closest `proofsNeeded` of the replicas have said that they have it.
 * What became of the push of a record that was dropped or replaced meanwhile counts for nothing.
 */
export class Replication {
  readonly #table: RoutingTable
  readonly #view: ReplicaView
  readonly #share: () => number
  readonly #duty: Duty
  readonly #held = new LateMap<string, Held>()
  /** Who came or went since the records were last looked over. */
  #touched: Map<string, Contact> = new LateMap()
  #toDo: Held[] = []
  /** Something changed while `#toDo` was being worked off. */
  #changedMeanwhile = false
  #dueMs: number | undefined
  readonly #pushes = new Pushes()
  readonly #handIns = new HandIns()

  /** `share`: see `NewReplication`. */
  constructor(table: RoutingTable, view: ReplicaView, share: () => number) {
    this.#table = table
    this.#view = view
    this.#share = share
    this.#duty = new Duty(table, view, share)
  }

  handle(event: ReplicationEvent, nowMs: number): ReplicationEffect[] {
    switch (event.type) {
      case 'kept': {
        const { id, key } = event
        const settled = new Set(event.elsewhere ? this.#duty.replicasOf(key).map((contact) => contact.id.hex) : [])
        this.#held.set(id, {
          id,
          key,
          settled,
          entrusted: new LateMap(),
          failed: new LateMap(),
          nearest: undefined,
          reach: undefined,
          unproven: nobody,
          proved: undefined,
          own: event.own,
          isFresh: true,
          repairAtMs: this.#later(firstRepairMs, nowMs),
        })
        if (!event.elsewhere) this.#dueMs ??= nowMs + settleMs
        return []
      }
      case 'dropped':
        this.#held.delete(event.id)
        return []
      case 'changed':
        if (!this.#touch(event.contacts)) return []
        this.#changedMeanwhile = this.#toDo.length > 0
        this.#dueMs ??= nowMs + settleMs
        return []
      case 'pushed': {
        const push = this.#pushes.ended(event.id, event.to)
        this.#answered(event.to, nowMs)
        push?.held.settled.add(event.to.hex)
        push?.held.failed.delete(event.to.hex)
        return this.#go()
      }
      case 'notPushed':
        this.#notPushed(this.#pushes.ended(event.id, event.to), nowMs)
        return []
      case 'compared':
        this.#compared(event, nowMs)
        return this.#go()
      case 'notCompared':
        for (const id of event.ids) {
          const held = this.#held.get(id)
          if (!held) continue
          held.settled.delete(event.to.id.hex)
          if (this.#table.linkTo(event.to.id)) this.#notPushed({ held, to: event.to }, nowMs)
          else this.#giveUp(held, event.to, nowMs)
        }
        return []
      case 'handedIn': {
        this.#handIns.ended(event.id)
        const held = this.#held.get(event.id)
        const isKept = event.storedElsewhere >= proofsNeeded
        return held && isKept && this.#duty.isMisplaced(held) ? [{ type: 'drop', id: event.id }] : []
      }
      case 'leaving':
        return this.#handOver()
      case 'woke':
        return this.#woke(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    if (this.#table.linkCount === 0) return undefined
    if (!this.#pushes.isIdle) return this.#pushes.wakeAtMs
    const earliest = Math.min(this.#dueMs ?? Infinity, this.#repairAtMs, this.#retryAtMs)
    return earliest === Infinity ? undefined : earliest
  }

  get #repairAtMs(): number {
    let earliest = Infinity
    for (const { repairAtMs } of this.#held.values()) earliest = Math.min(earliest, repairAtMs)
    return earliest
  }

  get #retryAtMs(): number {
    let earliest = Infinity
    for (const { failed } of this.#held.values()) for (const { retryAtMs } of failed.values()) earliest = Math.min(earliest, retryAtMs)
    return earliest
  }

  #woke(nowMs: number): ReplicationEffect[] {
    if (this.#table.linkCount === 0) return []
    this.#pushes.woke()
    this.#lookAnew(this.#view.tick(nowMs))
    // What is found to be pushed waits in memory: no more is looked for before that is sent.
    const effects: ReplicationEffect[] = []
    if (this.#pushes.isIdle) {
      effects.push(...this.#repairSome(nowMs))
      this.#retrySome(nowMs)
      if (this.#dueMs !== undefined && this.#dueMs <= nowMs) effects.push(...this.#lookOverSome(nowMs))
    }
    return [...effects, ...this.#go()]
  }

  /** What is due, and what will be soon. What has just come waits for its time: its writer is at work still. */
  #repairSome(nowMs: number): ReplicationEffect[] {
    if (this.#repairAtMs > nowMs) return []
    const all = [...this.#held.values()]
    const due = [true, false].flatMap((isFresh) => {
      const some = all.filter((held) => held.isFresh === isFresh)
      const untilMs = nowMs + (isFresh ? firstRepairMs / 2 : roundMs)
      return some.some(({ repairAtMs }) => repairAtMs <= nowMs) ? some.filter(({ repairAtMs }) => repairAtMs <= untilMs) : []
    })
    if (due.length === 0) return []
    const comparisons = new Comparisons()
    const repairAtMs = this.#later(repairEveryMs, nowMs)
    const effects: ReplicationEffect[] = []
    const misplaced: Held[] = []
    for (const held of due.slice(0, lookedOverMax)) {
      held.repairAtMs = repairAtMs
      // Its writer may have taken others for its replicas than this peer did when it came: who is none of them now was never seen to have it.
      if (held.isFresh) forgetOthers(held, this.#duty.replicasOf(held.key))
      if (this.#duty.isMisplaced(held)) misplaced.push(held)
      else if (this.#duty.isDone(held)) effects.push({ type: 'drop', id: held.id })
      else for (const to of this.#duty.doubtful(held)) comparisons.add(to, held.id)
      held.isFresh = false
    }
    return [...effects, ...this.#handIns.begin(misplaced, nowMs), ...comparisons.questions(1, () => undefined)]
  }

  #compared({ to, has, lacks }: Extract<ReplicationEvent, { type: 'compared' }>, nowMs: number): void {
    this.#answered(to.id, nowMs)
    for (const id of has) {
      const held = this.#held.get(id)
      held?.settled.add(to.id.hex)
      held?.failed.delete(to.id.hex)
      held?.proved?.add(to.id.hex)
    }
    for (const id of lacks) {
      const held = this.#held.get(id)
      if (held) this.#push(held, to)
    }
  }

  #retrySome(nowMs: number): void {
    if (this.#retryAtMs > nowMs) return
    const due = [...this.#held.values()].filter(({ failed }) => [...failed.values()].some(({ retryAtMs }) => retryAtMs <= nowMs))
    for (const held of due.slice(0, lookedOverMax)) this.#retry(held, nowMs)
  }

  #lookOverSome(nowMs: number): ReplicationEffect[] {
    const isArriving = nowMs < this.#table.linkedSinceMs + arrivingMs && !this.#duty.isWhole
    const comparisons = new Comparisons()
    if (this.#toDo.length === 0) this.#toDo = this.#affected()
    const some = this.#toDo.splice(0, lookedOverMax).filter((held) => this.#held.get(held.id) === held)
    for (const held of some) {
      if (isArriving && this.#duty.isFarOffByLists(held.key)) continue
      if (!held.nearest) noteAround(held, this.#view.around(held.key, nearestCount))
      for (const to of this.#lookOver(held, held.nearest ?? nobody, isArriving, nowMs)) comparisons.add(to, held.id)
      if (isArriving) held.nearest = undefined
    }
    const nextMs = this.#changedMeanwhile ? settleMs : isArriving ? arrivingLookMs : undefined
    this.#dueMs = this.#toDo.length > 0 ? nowMs + lookGapMs : nextMs && nowMs + nextMs
    if (this.#toDo.length === 0) this.#changedMeanwhile = false
    return comparisons.questions(comparedMin, (id, to) => this.#push(this.#held.get(id)!, to))
  }

  #push(held: Held, to: Contact): void {
    this.#pushes.add(held, to)
  }

  /** Sends what waits, as far as there is room. */
  #go(): ReplicationEffect[] {
    return this.#pushes.go((held) => this.#held.get(held.id) === held).map(({ held, to }) => ({ type: 'push', id: held.id, to }))
  }

  #notPushed(push: Push | undefined, nowMs: number): void {
    this.#pushes.failed(nowMs)
    if (!push) return
    const { held, to } = push
    const { hex } = to.id
    held.settled.delete(hex)
    const tries = (held.failed.get(hex)?.tries ?? 0) + 1
    if (this.#view.standing(to.id) === 'unproven' || tries >= pushTriesMax) return this.#giveUp(held, to, nowMs)
    held.failed.set(hex, { tries, retryAtMs: nowMs + pushRetryMs })
  }

  /** Tries no more. Whoever is not linked may not be there: others are taken for replicas in its place. */
  #giveUp(held: Held, to: Contact, nowMs: number): void {
    this.#leaveAlone(held, to.id.hex)
    if (this.#table.linkTo(to.id)) return
    this.#view.unreached(to.id, nowMs)
    if (this.#touch([to])) this.#dueMs ??= nowMs + settleMs
  }

  /** To the peers of failed pushes whose time has come, as far as they are responsible still. */
  #retry(held: Held, nowMs: number): void {
    const responsible = this.#duty.replicasOf(held.key)
    for (const [hex, { tries, retryAtMs }] of held.failed) {
      if (retryAtMs > nowMs) continue
      const to = responsible.find(({ id }) => id.hex === hex)
      if (!to) {
        this.#leaveAlone(held, hex)
        continue
      }
      held.failed.set(hex, { tries, retryAtMs: Infinity })
      this.#push(held, to)
    }
  }

  /** Tries no more: the next change, wherever it is, looks the record over. */
  #leaveAlone(held: Held, hex: string): void {
    held.failed.delete(hex)
    held.nearest = undefined
  }

  /** Whether any of these is to some record another than it was. */
  #touch(contacts: readonly Contact[]): boolean {
    let isNear = false
    for (const held of this.#held.values()) {
      const near = this.#view.isFarOff(held.key)
        ? []
        : contacts.filter(({ id }) => isWithin(held, id) && isOther(held, id, this.#view.standing(id)))
      for (const contact of near) if (this.#touched.size <= touchedMax) this.#touched.set(contact.id.hex, contact)
      isNear ||= near.length > 0
    }
    return isNear
  }

  /** It is there: whoever took it for made up looks for the closest anew. */
  #answered(id: Key, nowMs: number): void {
    this.#view.answered(id, nowMs)
    for (const held of this.#held.values()) if (held.unproven.some((one) => one.id.equals(id))) held.nearest = undefined
  }

  /** What was learnt of these peers counts no more. */
  #lookAnew(forgotten: readonly string[]): void {
    if (forgotten.length > 0) for (const held of this.#held.values()) held.nearest = undefined
  }

  /** The records whose closest peers are others than the last time: a change far away is none of theirs, and one that is heard of again is none. */
  #affected(): Held[] {
    const touched = [...this.#touched.values()].map((contact) => ({ contact, standing: this.#view.standing(contact.id) }))
    this.#touched = new LateMap()
    return [...this.#held.values()].filter((held) => {
      if (this.#view.isFarOff(held.key)) {
        held.nearest = undefined
        return false
      }
      // More came and went than were remembered: all are looked for anew.
      if (touched.length > touchedMax) held.nearest = undefined
      if (!held.nearest) return true
      let isChanged = false
      for (const { contact, standing } of touched) isChanged = noteStanding(held, contact, standing) || isChanged
      return isChanged
    })
  }

  /** Who is to be offered the record by this peer. */
  #lookOver(held: Held, nearest: readonly Contact[], isArriving: boolean, nowMs: number): readonly Contact[] {
    this.#doubt(held, nowMs)
    const responsible = this.#duty.amongReplicas(held.key, nearest)
    const asked = [...responsible, ...held.unproven.filter(({ id }) => isCloser(held.key, id, responsible[replicas - 2]))]
    const missing = asked.filter(
      ({ id }) => !held.settled.has(id.hex) && !held.failed.has(id.hex) && (!isArriving || this.#duty.isAsNear(held.key, id)),
    )
    const closestHolder = nearest.find(({ id }) => held.settled.has(id.hex))
    forgetOthers(held, [...nearest, ...held.unproven])
    for (const { id } of missing) held.settled.add(id.hex)
    const othersTurn = closestHolder && (this.#duty.isLeaf || Key.compare(held.key, closestHolder.id, this.#table.self) < 0)
    if (!othersTurn) return missing
    for (const { id } of missing) held.entrusted.set(id.hex, { to: closestHolder.id, untilMs: nowMs + trustMs })
    return nobody
  }

  /** Takes back that a peer is settled when the holder that was to push to it has gone meanwhile. */
  #doubt({ entrusted, settled }: Held, nowMs: number): void {
    for (const [hex, { to, untilMs }] of entrusted) {
      if (untilMs > nowMs && this.#view.standing(to) === 'counted') continue
      entrusted.delete(hex)
      if (untilMs > nowMs) settled.delete(hex)
    }
  }

  /** Best effort: the records closest to this peer first, at most `handedOverMax` pushes, and nobody waits for an answer. Who is linked still repairs the rest. */
  #handOver(): ReplicationEffect[] {
    const effects: ReplicationEffect[] = []
    for (const held of [...this.#held.values()].sort((a, b) => Key.compare(this.#table.self, a.key, b.key))) {
      if (effects.length >= handedOverMax) break
      for (const to of this.#duty.heirs(held)) effects.push({ type: 'push', id: held.id, to })
    }
    return effects.slice(0, handedOverMax)
  }

  #later(periodMs: number, nowMs: number): number {
    return nowMs + periodMs * (0.75 + this.#share() / 2)
  }
}
