import { Key } from '../keys/key.js'
import { hopsMax, replicas } from '../wire/message.js'
import type { Contact } from '../keys/public-key.js'

/** Questions under way at one time: Kademlia's alpha (Maymounkov & Mazières 2002, section 2.3). */
export const parallelism = 3
/** Candidates that one lookup remembers, and asks, at most: a lookup among a million peers meets about 150. */
export const candidatesMax = 256
/** Of the closest candidates so many are asked at most where those that answered are too sparse: some of them name none but each other, and of the others one that does not is enough. */
export const breadthMax = 3 * replicas
/** Ways to one candidate that are tried before it counts as silent. */
export const waysMax = 2

/** `heard`: named, not asked; `asked`: its answer is awaited; `late`: awaited, for longer than is usual; `answered`; `silent`: no way to it brought an answer. */
type CandidateState = 'heard' | 'asked' | 'late' | 'answered' | 'silent'

interface Candidate {
  readonly contact: Contact
  state: CandidateState
  /** Ways not tried yet, the best first: each the peers to pass. */
  ways: (readonly Key[])[]
  tried: number
  /** The way it was asked over last, or its answer came over. */
  route: readonly Key[]
}

export interface Found {
  readonly contact: Contact
  readonly route: readonly Key[]
}

export type LookupEvent =
  | { type: 'started' }
  | { type: 'answered'; from: Key; route: readonly Key[]; contacts: readonly Contact[] }
  | { type: 'late'; from: Key }
  | { type: 'silent'; from: Key }
  /** Whoever wanted it has seen enough. */
  | { type: 'stopped' }

export type LookupEffect = { type: 'ask'; to: Key; route: readonly Key[] } | { type: 'finish'; closest: readonly Found[]; asked: number }

/**
 * The asked lookup: Kademlia's iterative lookup (section 2.3) without dialling. The asker keeps a shortlist and asks the closest
 * peers on it, each through whoever named it, until the `replicas` closest that speak at all have answered. Whoever is late is not waited for, as long as no fewer of the closest have answered.
 * Once the closest of all has answered, nobody closer is to be expected, and the rest of the `replicas` are asked at once (section 2.3).
 * Where these are no plausible closest set, the next closest are asked, too: whoever works together names each other, and hides all who are closer.
 * Invariants: 1. at most `parallelism` questions under way, then `replicas`, besides the late ones; 2. each way to a candidate is tried once, at most `waysMax` ways;
 * 3. it finishes exactly once, with peers that answered, the closest first; 4. the asker itself is never a candidate.
 */
export class Lookup {
  readonly target: Key
  readonly #self: Key
  readonly #isPlausible: (closest: readonly Contact[]) => boolean
  /** Of the closest so many are asked. */
  #breadth = replicas
  readonly #candidates = new Map<string, Candidate>()
  #shortlist: Candidate[] = []
  #asked = 0
  #finished = false

  /**
   * `seeds`: whom to ask first, and the ways to them. `answered`: those of them that have said already whom they know.
   * `isPlausible`: whether those that have answered may be the closest there are; else others are asked, too.
   */
  constructor(
    self: Key,
    target: Key,
    seeds: readonly Found[],
    answered: readonly Key[] = [],
    isPlausible: (closest: readonly Contact[]) => boolean = () => true,
  ) {
    this.#self = self
    this.target = target
    this.#isPlausible = isPlausible
    for (const { contact, route } of seeds) this.#hear(contact, route)
    for (const from of answered) {
      const candidate = this.#candidates.get(from.hex)
      if (!candidate) continue
      candidate.state = 'answered'
      candidate.route = candidate.ways[0] ?? []
      this.#asked += 1
    }
  }

  handle(event: LookupEvent): LookupEffect[] {
    if (this.#finished) return []
    switch (event.type) {
      case 'started':
        break
      case 'answered':
        this.#answered(event)
        break
      case 'late':
        this.#late(event.from)
        break
      case 'silent':
        this.#silent(event.from)
        break
      case 'stopped':
        return [this.#finish()]
    }
    return this.#decide()
  }

  get finished(): boolean {
    return this.#finished
  }

  /** The way to a peer that was named or has answered: the peers to pass. */
  routeTo(id: Key): readonly Key[] | undefined {
    const candidate = this.#candidates.get(id.hex)
    if (!candidate || candidate.state === 'silent') return undefined
    return candidate.state === 'heard' ? candidate.ways[0] : candidate.route
  }

  #answered(event: Extract<LookupEvent, { type: 'answered' }>): void {
    const candidate = this.#candidates.get(event.from.hex)
    if (!candidate || candidate.state === 'answered') return
    candidate.state = 'answered'
    candidate.route = event.route
    if (event.route.length + 1 >= hopsMax) return
    for (const contact of event.contacts) this.#hear(contact, [...event.route, event.from])
  }

  #late(from: Key): void {
    const candidate = this.#candidates.get(from.hex)
    if (candidate?.state === 'asked') candidate.state = 'late'
  }

  #silent(from: Key): void {
    const candidate = this.#candidates.get(from.hex)
    if (candidate?.state !== 'asked' && candidate?.state !== 'late') return
    candidate.state = candidate.ways.length > 0 && candidate.tried < waysMax ? 'heard' : 'silent'
  }

  #hear(contact: Contact, way: readonly Key[]): void {
    const { hex } = contact.id
    if (contact.id.equals(this.#self) || way.some((id) => id.equals(contact.id))) return
    const before = this.#candidates.get(hex)
    if (before) {
      if (before.state === 'answered' || before.tried + before.ways.length >= waysMax) return
      before.ways = [...before.ways, way].sort((a, b) => a.length - b.length)
      if (before.state === 'silent') before.state = 'heard'
      return
    }
    if (this.#candidates.size >= candidatesMax) return
    const candidate: Candidate = { contact, state: 'heard', ways: [way], tried: 0, route: [] }
    this.#candidates.set(hex, candidate)
    const place = this.#shortlist.findIndex((other) => Key.compare(this.target, contact.id, other.contact.id) < 0)
    this.#shortlist.splice(place < 0 ? this.#shortlist.length : place, 0, candidate)
  }

  #decide(): LookupEffect[] {
    const speaking = this.#shortlist.filter(({ state }) => state !== 'silent' && state !== 'late')
    let closest = speaking.slice(0, this.#breadth)
    while (!this.#waitsForLate() && closest.every(({ state }) => state === 'answered')) {
      const isOver = this.#breadth >= Math.min(speaking.length, breadthMax)
      if (isOver || this.#isPlausible(speaking.slice(0, replicas).map(({ contact }) => contact))) return [this.#finish()]
      closest = speaking.slice(0, (this.#breadth += replicas))
    }
    const atOnce = closest[0]?.state === 'answered' ? replicas : parallelism
    let underWay = this.#shortlist.filter((candidate) => candidate.state === 'asked').length
    const effects: LookupEffect[] = []
    for (const candidate of closest) {
      if (underWay >= atOnce) break
      if (candidate.state !== 'heard') continue
      const way = candidate.ways.shift()!
      candidate.state = 'asked'
      candidate.route = way
      candidate.tried += 1
      this.#asked += 1
      underWay += 1
      effects.push({ type: 'ask', to: candidate.contact.id, route: way })
    }
    return effects
  }

  /** Among the closest more are late than have answered: it is not they who are slow, and one of them may be the only holder. */
  #waitsForLate(): boolean {
    const closest = this.#shortlist.filter(({ state }) => state !== 'silent').slice(0, replicas)
    const count = (wanted: CandidateState) => closest.filter(({ state }) => state === wanted).length
    return count('late') > count('answered')
  }

  #finish(): LookupEffect {
    this.#finished = true
    const closest = this.#shortlist
      .filter((candidate) => candidate.state === 'answered')
      .slice(0, replicas)
      .map(({ contact, route }) => ({ contact, route }))
    this.#shortlist = []
    return { type: 'finish', closest, asked: this.#asked }
  }
}
