import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contacts } from '../fixtures/linked-table.js'
import { seededRandom } from '../fixtures/seeded-random.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Key, keyBytes } from '../keys/key.js'
import { type Contact, publicKey, publicKeyBytes } from '../keys/public-key.js'
import { closest } from '../keys/nearest.js'
import { hopsMax, replicas } from '../wire/message.js'
import { breadthMax, candidatesMax, type Found, Lookup, type LookupEffect, parallelism, waysMax } from './lookup.js'

/** A linked peer. */
const direct = (contact: Contact): Found => ({ contact, route: [] })
const linked = (...bits: readonly string[]) => contacts(...bits).map(direct)
const asks = (effects: readonly LookupEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'ask' ? [[effect.to.hex, effect.route.map(({ hex }) => hex)]] : []))
const asked = (bits: string, ...way: string[]) => [key(bits).hex, way.map((one) => key(one).hex)]
const answered = (bits: string, named: readonly string[], way: readonly string[] = []) =>
  ({ type: 'answered', from: key(bits), route: way.map(key), contacts: contacts(...named) }) as const

describe('a lookup', () => {
  it('asks the closest it knows, then whom they name, through them', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1'))
    expect(asks(lookup.handle({ type: 'started' }))).toEqual([asked('0b1')])
    expect(asks(lookup.handle(answered('0b1', ['0b11'])))).toEqual([asked('0b11', '0b1')])
    expect(asks(lookup.handle(answered('0b11', ['0b111'], ['0b1'])))).toEqual([asked('0b111', '0b1', '0b11')])
    expect(lookup.handle(answered('0b111', [], ['0b1', '0b11']))).toEqual([
      {
        type: 'finish',
        asked: 3,
        closest: [
          { contact: contact('0b111'), route: [key('0b1'), key('0b11')] },
          { contact: contact('0b11'), route: [key('0b1')] },
          { contact: contact('0b1'), route: [] },
        ],
      },
    ])
  })

  it('without seeds ends at once', () => {
    expect(new Lookup(key('0b0'), key('0b1'), []).handle({ type: 'started' })).toEqual([{ type: 'finish', closest: [], asked: 0 }])
  })

  it('1: has so many questions under way', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b11', '0b101', '0b1001', '0b1101'))
    expect(asks(lookup.handle({ type: 'started' })).length).toBe(parallelism)
    expect(asks(lookup.handle({ type: 'silent', from: key('0b11') })).length).toBe(1)
  })

  it('asks the rest of the closest at once when the closest of all has answered: nobody closer is to be expected', () => {
    const others = ['0b1100', '0b1101', '0b1010', '0b1011', '0b1000', '0b1001']
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b111', ...others))
    expect(asks(lookup.handle({ type: 'started' })).length).toBe(parallelism)
    expect(asks(lookup.handle(answered('0b1100', []))).length).toBe(1)
    expect(asks(lookup.handle(answered('0b111', [])))).toEqual(['0b1011', '0b1000', '0b1001'].map((bits) => asked(bits)))
  })

  it('asks the next closest, too, where the closest are no plausible closest set: those name none but each other', () => {
    const gang = Array.from({ length: replicas }, (_, i) => `0b11${i.toString(2).padStart(3, '0')}`)
    const [honest, hidden] = ['0b10', '0b11111111']
    const isPlausible = (closest: readonly Contact[]) => closest.some(({ id }) => id.equals(key(hidden)))
    const lookup = new Lookup(key('0b0'), key('0b111111111'), linked(...gang, honest), [], isPlausible)
    lookup.handle({ type: 'started' })
    const effects = gang.flatMap((bits) => lookup.handle(answered(bits, gang)))
    expect(asks(effects).at(-1)).toEqual(asked(honest))
    expect(asks(lookup.handle(answered(honest, [hidden])))).toEqual([asked(hidden, honest)])
    const [end] = lookup.handle(answered(hidden, gang, [honest]))
    expect(end?.type === 'finish' && end.closest[0]?.contact).toEqual(contact(hidden))
  })

  it('ends with an implausible closest set where the next closest have all answered before: nobody is left to ask', () => {
    const gang = Array.from({ length: replicas }, (_, i) => `0b11${i.toString(2).padStart(3, '0')}`)
    const lookup = new Lookup(key('0b0'), key('0b111111111'), linked('0b10'), [], () => false)
    const effects = lookup.handle({ type: 'started' })
    for (const effect of effects)
      if (effect.type === 'ask') effects.push(...lookup.handle({ ...answered('0b10', gang), from: effect.to, route: effect.route }))
    expect([asks(effects).length, effects.at(-1)?.type]).toEqual([1 + gang.length, 'finish'])
  })

  it('asks no more than so many of a closest set that is never plausible', () => {
    const many = Array.from({ length: 5 * replicas }, (_, i) => `0b1${i.toString(2).padStart(6, '0')}`)
    const lookup = new Lookup(key('0b0'), key('0b111'), linked(...many), [], () => false)
    const effects = lookup.handle({ type: 'started' })
    for (const effect of effects) if (effect.type === 'ask') effects.push(...lookup.handle({ ...answered('0b1', []), from: effect.to }))
    expect([asks(effects).length, effects.at(-1)?.type]).toEqual([breadthMax, 'finish'])
  })

  it('begins with those that were named before, through whoever named them', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), [...linked('0b1'), { contact: contact('0b11'), route: [key('0b10')] }])
    expect(asks(lookup.handle({ type: 'started' }))).toEqual([asked('0b11', '0b10'), asked('0b1')])
  })

  it('asks nobody again who has said already whom they know', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b11', '0b111'), [key('0b11'), key('0b111'), key('0b1010')])
    expect(asks(lookup.handle({ type: 'started' }))).toEqual([asked('0b1')])
    expect(lookup.handle(answered('0b1', []))).toMatchObject([{ type: 'finish', closest: [{}, {}, {}], asked: 3 }])
  })

  it('asks others in place of those that are late, and takes their answers while it lasts', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b11', '0b101', '0b1001'))
    expect(asks(lookup.handle({ type: 'started' })).length).toBe(parallelism)
    expect(asks(lookup.handle({ type: 'late', from: key('0b11') }))).toEqual([asked('0b1001')])
    lookup.handle(answered('0b11', []))
    lookup.handle(answered('0b1', []))
    lookup.handle(answered('0b101', []))
    const [finish] = lookup.handle({ type: 'late', from: key('0b1001') })
    expect(finish).toMatchObject({
      type: 'finish',
      closest: [{ contact: contact('0b11') }, { contact: contact('0b101') }, { contact: contact('0b1') }],
    })
  })

  it('waits for those that are late when nobody else has answered', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1'))
    lookup.handle({ type: 'started' })
    expect(lookup.handle({ type: 'late', from: key('0b1') })).toEqual([])
    expect(lookup.handle(answered('0b1', []))).toMatchObject([{ type: 'finish', closest: [{ contact: contact('0b1') }] }])
  })

  it('2: tries a silent candidate the other way it knows, and then no more', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b10001'))
    lookup.handle({ type: 'started' })
    expect(asks(lookup.handle(answered('0b1', ['0b11'])))).toEqual([asked('0b11', '0b1')])
    expect(asks(lookup.handle(answered('0b10001', ['0b11'])))).toEqual([])
    expect(asks(lookup.handle({ type: 'silent', from: key('0b11') }))).toEqual([asked('0b11', '0b10001')])
    const [last] = lookup.handle({ type: 'silent', from: key('0b11') })
    expect(last).toMatchObject({ type: 'finish', asked: 4 })
    expect(waysMax).toBe(2)
  })

  it('2: takes the shorter of two ways first', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b10'.padEnd(9, '1')))
    lookup.handle({ type: 'started' })
    lookup.handle(answered('0b1', [], ['0b01']))
    expect(asks(lookup.handle(answered('0b1', ['0b11'], ['0b01', '0b001'])))).toEqual([])
  })

  it('takes a late answer of one it had taken for silent', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b11'))
    lookup.handle({ type: 'started' })
    lookup.handle({ type: 'silent', from: key('0b11') })
    lookup.handle(answered('0b11', []))
    expect(lookup.handle(answered('0b1', []))).toMatchObject([
      { type: 'finish', closest: [{ contact: contact('0b11') }, { contact: contact('0b1') }] },
    ])
  })

  it('3: finishes exactly once, with peers that answered, and is deaf then', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1', '0b11'))
    lookup.handle({ type: 'started' })
    lookup.handle(answered('0b1', []))
    expect(lookup.handle({ type: 'stopped' })).toMatchObject([{ type: 'finish', closest: [{ contact: contact('0b1') }] }])
    expect(lookup.finished).toBe(true)
    for (const event of [answered('0b11', []), { type: 'silent', from: key('0b11') }, { type: 'stopped' }] as const)
      expect(lookup.handle(event)).toEqual([])
  })

  it('4: never asks itself', () => {
    const lookup = new Lookup(key('0b0'), key('0b0'), linked('0b0', '0b1'))
    expect(asks(lookup.handle({ type: 'started' }))).toEqual([asked('0b1')])
    expect(lookup.handle(answered('0b1', ['0b0']))).toMatchObject([{ type: 'finish', asked: 1 }])
  })

  it('goes no farther than an envelope does', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1'))
    lookup.handle({ type: 'started' })
    const way = Array.from({ length: hopsMax - 1 }, () => '0b01')
    expect(lookup.handle(answered('0b1', ['0b11'], way))).toMatchObject([{ type: 'finish' }])
  })

  it('knows the way to whom it heard of', () => {
    const lookup = new Lookup(key('0b0'), key('0b111'), linked('0b1'))
    lookup.handle({ type: 'started' })
    lookup.handle(answered('0b1', ['0b11', '0b101', '0b1001', '0b1011']))
    expect(lookup.routeTo(key('0b1'))).toEqual([])
    for (const bits of ['0b11', '0b101', '0b1001', '0b1011']) expect(lookup.routeTo(key(bits))).toEqual([key('0b1')])
    lookup.handle({ type: 'silent', from: key('0b11') })
    expect(lookup.routeTo(key('0b11'))).toBeUndefined()
    expect(lookup.routeTo(key('0b0001'))).toBeUndefined()
  })

  it('remembers no more candidates than its bound, whoever floods it', () => {
    const random = seededRandom()
    const flood = () => Array.from({ length: replicas }, () => contactWith(Key.fromBytes(random(keyBytes))))
    const lookup = new Lookup(key('0b0'), key('0b111'), flood().map(direct))
    let effects = lookup.handle({ type: 'started' })
    let count = 0
    for (let next = effects.shift(); next && next.type === 'ask'; next = effects.shift()) {
      count += 1
      effects = [...effects, ...lookup.handle({ type: 'answered', from: next.to, route: next.route.slice(0, 3), contacts: flood() })]
    }
    expect(lookup.finished).toBe(true)
    expect(count).toBeLessThanOrEqual(candidatesMax)
  })
})

function contactWith(id: Key): Contact {
  return { id, publicKey: publicKey(new Uint8Array(publicKeyBytes)) }
}

/** Random peers, each linked to the 8 closest and to some of each bucket; some do not answer. Links go both ways. */
class MadeUpNetwork {
  readonly peers: readonly Contact[]
  readonly #links = new Map<string, Map<string, Contact>>()
  readonly #silent = new Set<string>()

  constructor(count: number, seed: number, silentShare: number) {
    const random = seededRandom(seed)
    this.peers = Array.from({ length: count }, () => contactWith(Key.fromBytes(random(keyBytes))))
    for (const { id } of this.peers) this.#links.set(id.hex, new Map())
    for (const peer of this.peers) {
      const others = this.peers.filter((other) => other !== peer)
      const inBucket = (bucket: number) => others.filter(({ id }) => id.sharedBits(peer.id) === bucket)
      for (const other of closest(peer.id, others, replicas, ({ id }) => id)) this.#link(peer, other)
      for (let bucket = 0; bucket < 8; bucket++) for (const other of inBucket(bucket).slice(0, 3)) this.#link(peer, other)
    }
    this.peers.slice(1).forEach(({ id }) => {
      if (random(1)[0]! < silentShare * 256) this.#silent.add(id.hex)
    })
  }

  #link(one: Contact, other: Contact): void {
    this.#links.get(one.id.hex)!.set(other.id.hex, other)
    this.#links.get(other.id.hex)!.set(one.id.hex, one)
  }

  linksOf(id: Key): Contact[] {
    return [...this.#links.get(id.hex)!.values()]
  }

  answers(id: Key): boolean {
    return !this.#silent.has(id.hex)
  }

  /** Whether an envelope gets from one peer to the other along these peers: each linked to the next, all but the ends awake. */
  isPath(from: Key, route: readonly Key[], to: Key): boolean {
    const path = [from, ...route, to]
    return path.every((id, i) => i === 0 || (this.#links.get(path[i - 1]!.hex)!.has(id.hex) && (i === path.length - 1 || this.answers(id))))
  }

  living(target: Key, count: number, without: Key): Contact[] {
    return closest(
      target,
      this.peers.filter(({ id }) => !id.equals(without) && this.answers(id)),
      count,
      ({ id }) => id,
    )
  }
}

/** Runs a lookup from the first peer; answers come in the order that `pick` chooses. */
function look(network: MadeUpNetwork, target: Key, pick: (under: number) => number) {
  const self = network.peers[0]!.id
  const lookup = new Lookup(self, target, closest(target, network.linksOf(self), replicas, ({ id }) => id).map(direct))
  const underWay: { to: Key; route: readonly Key[] }[] = []
  let found: readonly Found[] | undefined
  let finishes = 0
  let underWayMax = 0
  const take = (effects: readonly LookupEffect[]) => {
    for (const effect of effects) {
      if (effect.type === 'ask') underWay.push(effect)
      else {
        finishes += 1
        found = effect.closest
      }
    }
    underWayMax = Math.max(underWayMax, underWay.length)
  }
  take(lookup.handle({ type: 'started' }))
  for (let steps = 0; underWay.length > 0 && steps < 2_000; steps++) {
    const [{ to, route }] = underWay.splice(pick(underWay.length), 1) as [{ to: Key; route: readonly Key[] }]
    const isReached = network.answers(to) && network.isPath(self, route, to)
    const named = closest(target, network.linksOf(to), replicas, ({ id }) => id)
    take(lookup.handle(isReached ? { type: 'answered', from: to, route, contacts: named } : { type: 'silent', from: to }))
  }
  return { self, found, finishes, underWayMax }
}

describe('a lookup among 200 random peers', () => {
  const run = (silentShare: number, check: (found: readonly string[], living: readonly string[]) => void) =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.uint8Array({ minLength: keyBytes, maxLength: keyBytes }),
        fc.array(fc.nat(), { minLength: 1 }),
        (seed, bytes, order) => {
          const network = new MadeUpNetwork(200, seed, silentShare)
          const target = Key.fromBytes(bytes)
          let turn = 0
          const { self, found, finishes, underWayMax } = look(network, target, (count) => order[turn++ % order.length]! % count)
          expect(finishes).toBe(1)
          expect(underWayMax).toBeLessThanOrEqual(replicas)
          for (const { contact: peer, route } of found!) expect(network.isPath(self, route, peer.id)).toBe(true)
          const hexes = (peers: readonly Contact[]) => peers.map(({ id }) => id.hex)
          check(hexes(found!.map((one) => one.contact)), hexes(network.living(target, replicas, self)))
        },
      ),
      // One seed: how much of the neighbourhood the silent hide varies from network to network.
      { numRuns: 100, seed: 1 },
    )

  it('ends with the 8 closest, over real paths', () => run(0, (found, living) => expect(found).toEqual(living)))

  it('with 20 % of them silent, and still named by all, ends with the closest that live', () =>
    run(0.2, (found, living) => {
      expect(found.length).toBeGreaterThanOrEqual(replicas / 2)
      expect(found.slice(0, 3)).toEqual(living.slice(0, 3))
    }))
})
