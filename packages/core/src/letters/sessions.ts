import { LateSet } from '../late-set.js'
import { LateMap } from '../late-map.js'
import type { FreshIds } from '../fresh-ids.js'
import type { CipherSuite } from '../keys/cipher-suite.js'
import type { Key } from '../keys/key.js'
import type { Contact } from '../keys/public-key.js'
import type { Carriage, Greeting, SessionId, Whisper } from '../wire/letter.js'
import type { Forgotten, MessageId, Secret } from '../wire/message.js'
import { answerGreeting, Handshake, hearGreeting, prologueOf } from './handshake.js'
import { Session } from './session.js'

/** A greeting is sent again this long after the last time, and at most so often in all. */
export const greetingTryMs = 1_500
export const greetingTriesMax = 3
/** A greeting older than this, or this far ahead, is refused: who got hold of what belongs to it can greet for that long, not for ever. */
export const greetingAgeMaxS = 86_400
/** Keys serve this long before new ones are made: what is read off a tab's memory opens no more than that. */
export const sessionAgeMaxMs = 3_600_000
/** Keys that were not used for this long are dropped. */
export const sessionIdleMs = 600_000
/** Whoever claims that a session is forgotten brings about a handshake at most this often. */
export const greetAgainMs = 10_000
/** Peers with keys, or about to have some: about 1 KB each. */
export const linesMax = 512
/** Of them, peers that greeted and have said nothing yet: a greeting costs them little. */
export const strangersMax = 64
/** Sessions with one peer that it has confirmed, and that it has not yet: the last, and the one before it. */
export const sessionsPerPeerMax = 2
/** What waits for the keys: two windows of one channel. */
export const waitingMax = 48
/** Greetings remembered, so that none is answered again once its session is gone. */
export const rememberedGreetingsMax = 4_096

interface OwnGreeting {
  readonly handshake: Handshake
  readonly writtenUnixS: number
  letter: MessageId
  route: readonly Key[]
  tries: number
  deadlineMs: number
}

/** What there is between this peer and one other. */
interface Line {
  readonly to: Key
  /** Those that the other end has confirmed come first, the newest of them at the top: that one is written under. */
  sessions: Session[]
  greeting: OwnGreeting | undefined
  greetedMs: number
  waiting: { readonly id: MessageId; readonly body: Whisper }[]
  route: readonly Key[]
}

export type SessionsEvent =
  | { type: 'write'; id: MessageId; to: Key; body: Whisper; route: readonly Key[] }
  /** A letter whose signature holds. */
  | { type: 'letter'; from: Contact; body: Greeting; back: Carriage }
  /** `from`: who it claims to come from, and `back`: the way there. */
  | { type: 'secret'; secret: Secret; from: Key; back: readonly Key[] }
  | { type: 'forgotten'; session: SessionId }
  | { type: 'undeliverable'; letter: MessageId }
  | { type: 'woke' }

export type SessionsEffect =
  | { type: 'seal'; id: MessageId; to: Key; body: Greeting; carriage: Carriage }
  | { type: 'dispatch'; to: Key; route: readonly Key[]; payload: Secret | Forgotten }
  | { type: 'heard'; from: Contact; body: Whisper; back: readonly Key[] }
  /** What was written to this peer last may be lost: it had forgotten the keys. */
  | { type: 'renewed'; to: Key }
  /** What was written under this id waits for keys in vain. */
  | { type: 'undeliverable'; letter: MessageId }
  /** It is forged, came before, or cannot be read. */
  | { type: 'dropped' }

/**
 * What apps say to each other where there is no link to speak over: under keys that the two peers made with each other, for nobody else's eyes.
 * Invariants: 1. nothing is written but under keys that the other end's signature vouches for; 2. nothing is heard but from who has signed for the keys;
 * 3. each whisper is heard once; 4. what waits is written or undeliverable; 5. who only carries can cost time, and nothing else.
 */
export class Sessions {
  readonly #self: Key
  readonly #suite: CipherSuite
  readonly #ids: FreshIds
  /** By the hex of the other peer's id, the longest unused first. */
  readonly #lines = new LateMap<string, Line>()
  readonly #sessions = new LateMap<SessionId, Session>()
  readonly #remembered = new LateSet<SessionId>()

  constructor(self: Key, suite: CipherSuite, ids: FreshIds) {
    this.#self = self
    this.#suite = suite
    this.#ids = ids
  }

  handle(event: SessionsEvent, nowMs: number, unixS: number): SessionsEffect[] {
    switch (event.type) {
      case 'write':
        return this.#write(event, nowMs, unixS)
      case 'letter': {
        const { from, body, back } = event
        if (from.id.equals(this.#self)) return []
        return body.type === 'greeting' ? this.#greeted(from, body, back, nowMs, unixS) : this.#answered(from, body, back, nowMs)
      }
      case 'secret':
        return this.#secret(event, nowMs)
      case 'forgotten': {
        const line = this.#lineOf(event.session)
        // Only what we write under matters, and anybody may say so.
        if (!line || sendingOf(line)?.id !== event.session || !mayGreetAgain(line, nowMs)) return []
        return this.#greet(line, nowMs, unixS)
      }
      case 'undeliverable': {
        const line = [...this.#lines.values()].find(({ greeting }) => greeting?.letter === event.letter)
        return line ? this.#giveUp(line) : []
      }
      case 'woke':
        return this.#woke(nowMs)
    }
  }

  get wakeAtMs(): number | undefined {
    let earliest = Infinity
    for (const { greeting, sessions } of this.#lines.values()) {
      if (greeting) earliest = Math.min(earliest, greeting.deadlineMs)
      for (const { usedMs } of sessions) earliest = Math.min(earliest, usedMs + sessionIdleMs)
    }
    return earliest < Infinity ? earliest : undefined
  }

  #write(event: Extract<SessionsEvent, { type: 'write' }>, nowMs: number, unixS: number): SessionsEffect[] {
    const { id, to, body, route } = event
    const lost = this.#makeRoom(to, false)
    const line = this.#lineTo(to)
    line.route = route
    const session = sendingOf(line)
    if (session) {
      const old = nowMs - session.sinceMs >= sessionAgeMaxMs && mayGreetAgain(line, nowMs)
      return [whisper(session, id, body, route, nowMs), ...(old ? this.#greet(line, nowMs, unixS) : [])]
    }
    line.waiting.push({ id, body })
    if (line.waiting.length > waitingMax) lost.push({ type: 'undeliverable', letter: line.waiting.shift()!.id })
    const { greeting } = line
    if (!greeting) return [...lost, ...this.#greet(line, nowMs, unixS)]
    return sameWay(greeting.route, route) ? lost : [...lost, this.#sendGreeting(line, greeting, nowMs)]
  }

  #greet(line: Line, nowMs: number, unixS: number): SessionsEffect[] {
    const handshake = new Handshake(this.#suite, prologueOf(this.#self, line.to), this.#ids.exchangeSecret())
    const greeting = { handshake, writtenUnixS: unixS, letter: '', route: line.route, tries: 0, deadlineMs: 0 }
    line.greeting = greeting
    line.greetedMs = nowMs
    return [this.#sendGreeting(line, greeting, nowMs)]
  }

  #sendGreeting(line: Line, greeting: OwnGreeting, nowMs: number): SessionsEffect {
    greeting.letter = this.#ids.message()
    greeting.route = line.route
    greeting.tries += 1
    greeting.deadlineMs = nowMs + greetingTryMs
    const { handshake, writtenUnixS } = greeting
    const body: Greeting = { type: 'greeting', writtenUnixS, message: handshake.message }
    return { type: 'seal', id: greeting.letter, to: line.to, body, carriage: { by: 'overlay', route: line.route } }
  }

  #greeted(from: Contact, body: Extract<Greeting, { type: 'greeting' }>, back: Carriage, nowMs: number, unixS: number): SessionsEffect[] {
    if (Math.abs(unixS - body.writtenUnixS) > greetingAgeMaxS) return [{ type: 'dropped' }]
    const heard = hearGreeting(this.#suite, prologueOf(from.id, this.#self), body.message)
    if (!heard) return [{ type: 'dropped' }]
    const before = this.#sessions.get(heard.session)?.answer
    // It comes again when the answer was lost. One whose session is confirmed, or gone, is an echo.
    if (before) return [this.#answer(from, heard.session, before, back)]
    if (this.#remembered.has(heard.session)) return [{ type: 'dropped' }]
    const answered = answerGreeting(this.#suite, heard, this.#ids.exchangeSecret())
    if (!answered) return [{ type: 'dropped' }]
    this.#remembered.keep(heard.session, rememberedGreetingsMax)
    const lost = this.#makeRoom(from.id, true)
    const session = new Session(this.#suite, heard.session, from, answered.keys, nowMs, answered.message)
    this.#add(this.#lineTo(from.id), session)
    return [...lost, this.#answer(from, session.id, answered.message, back)]
  }

  #answer(to: Contact, session: SessionId, message: Uint8Array, carriage: Carriage): SessionsEffect {
    return { type: 'seal', id: this.#ids.message(), to: to.id, body: { type: 'greeted', session, message }, carriage }
  }

  #answered(from: Contact, body: Extract<Greeting, { type: 'greeted' }>, back: Carriage, nowMs: number): SessionsEffect[] {
    const line = this.#lines.get(from.id.hex)
    const greeting = line?.greeting
    if (!line || greeting?.handshake.session !== body.session) return []
    const finished = greeting.handshake.finish(body.message)
    if (!finished) return [{ type: 'dropped' }, ...this.#giveUp(line)]
    const renewed: SessionsEffect[] = sendingOf(line) ? [{ type: 'renewed', to: line.to }] : []
    this.#add(line, new Session(this.#suite, body.session, from, finished.keys, nowMs))
    return [...this.#writeWaiting(line, back.by === 'overlay' ? back.route : line.route, nowMs), ...renewed]
  }

  #secret(event: Extract<SessionsEvent, { type: 'secret' }>, nowMs: number): SessionsEffect[] {
    const { secret, from, back } = event
    const session = this.#sessions.get(secret.session)
    if (!session) return [{ type: 'dispatch', to: from, route: back, payload: { type: 'forgotten', session: secret.session } }]
    const known = session.confirmed
    const body = session.open(secret.counter, secret.sealed)
    if (!body) return [{ type: 'dropped' }]
    session.usedMs = nowMs
    const line = this.#lineTo(session.contact.id)
    const heard: SessionsEffect = { type: 'heard', from: session.contact, body, back }
    if (known) return [heard]
    this.#add(line, session)
    return [...this.#writeWaiting(line, back, nowMs), heard]
  }

  /** There are keys: whatever waited for them goes out, and no others are needed. */
  #writeWaiting(line: Line, route: readonly Key[], nowMs: number): SessionsEffect[] {
    line.greeting = undefined
    line.route = route
    const session = sendingOf(line)!
    return line.waiting.splice(0).map(({ id, body }) => whisper(session, id, body, route, nowMs))
  }

  #woke(nowMs: number): SessionsEffect[] {
    const effects: SessionsEffect[] = []
    for (const line of [...this.#lines.values()]) {
      const { greeting } = line
      if (greeting && greeting.deadlineMs <= nowMs) {
        if (greeting.tries < greetingTriesMax) effects.push(this.#sendGreeting(line, greeting, nowMs))
        else effects.push(...this.#giveUp(line))
      }
      this.#keep(
        line,
        line.sessions.filter(({ usedMs }) => nowMs - usedMs < sessionIdleMs),
      )
    }
    return effects
  }

  #giveUp(line: Line): SessionsEffect[] {
    line.greeting = undefined
    const lost = line.waiting.splice(0).map(({ id }): SessionsEffect => ({ type: 'undeliverable', letter: id }))
    this.#keep(line, line.sessions)
    return lost
  }

  /** The line to this peer, now the last used. */
  #lineTo(to: Key): Line {
    const line = this.#lines.get(to.hex) ?? { to, sessions: [], greeting: undefined, greetedMs: -Infinity, waiting: [], route: [] }
    this.#lines.delete(to.hex)
    this.#lines.set(to.hex, line)
    return line
  }

  #lineOf(session: SessionId): Line | undefined {
    const contact = this.#sessions.get(session)?.contact
    return contact && this.#lines.get(contact.id.hex)
  }

  /** Puts it where it belongs: see `Line`. */
  #add(line: Line, session: Session): void {
    this.#sessions.set(session.id, session)
    const newestFirst = [session, ...line.sessions.filter((one) => one !== session)]
    const confirmed = newestFirst.filter((one) => one.confirmed).slice(0, sessionsPerPeerMax)
    const hoped = newestFirst.filter((one) => !one.confirmed).slice(0, sessionsPerPeerMax)
    this.#keep(line, [...confirmed, ...hoped])
  }

  #keep(line: Line, sessions: Session[]): void {
    for (const session of line.sessions) if (!sessions.includes(session)) this.#sessions.delete(session.id)
    line.sessions = sessions
    if (sessions.length === 0 && !line.greeting && line.waiting.length === 0) this.#lines.delete(line.to.hex)
  }

  /** For a line to this peer. Of those that greeted, who has shown nothing more goes first. */
  #makeRoom(id: Key, forStranger: boolean): SessionsEffect[] {
    if (this.#lines.has(id.hex)) return []
    const lines = [...this.#lines.values()]
    const strangers = forStranger ? lines.filter((line) => !line.greeting && !sendingOf(line)) : []
    const oldest = strangers.length >= strangersMax ? strangers[0] : lines.length >= linesMax ? lines[0] : undefined
    if (!oldest) return []
    this.#keep(oldest, [])
    return this.#giveUp(oldest)
  }
}

function sendingOf(line: Line): Session | undefined {
  return line.sessions[0]?.confirmed ? line.sessions[0] : undefined
}

function mayGreetAgain(line: Line, nowMs: number): boolean {
  return !line.greeting && nowMs - line.greetedMs >= greetAgainMs
}

function whisper(session: Session, id: MessageId, body: Whisper, route: readonly Key[], nowMs: number): SessionsEffect {
  session.usedMs = nowMs
  return { type: 'dispatch', to: session.contact.id, route, payload: { type: 'secret', id, session: session.id, ...session.seal(body) } }
}

function sameWay(a: readonly Key[], b: readonly Key[]): boolean {
  return a.length === b.length && a.every((id, i) => id.equals(b[i]!))
}
