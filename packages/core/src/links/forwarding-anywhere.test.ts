import fc from 'fast-check'
import { expect, it } from 'vitest'
import { linkedTable } from '../fixtures/linked-table.js'
import { contact, key } from '../fixtures/visible-key.js'
import { Forwarding, type ForwardingEffect, newSeek } from './forwarding.js'
import type { RoutingTable } from './routing-table.js'

const id = '00'.repeat(8)
/** Peers of four bits, each linked to some of the others, both ways. */
const pool = Array.from({ length: 12 }, (_, i) => `0b${(i + 1).toString(2).padStart(4, '0')}`)
const anyEdges = fc.array(fc.tuple(fc.nat(pool.length - 1), fc.nat(pool.length - 1)), { minLength: 6, maxLength: 40 })

it('1 to 3: whoever is linked to whom, acknowledges or vanishes: each link is tried once, no peer is passed twice, and somebody answers', () => {
  fc.assert(
    fc.property(
      anyEdges,
      fc.nat(pool.length - 1),
      fc.constantFrom(...pool),
      fc.uniqueArray(fc.nat(pool.length - 1), { maxLength: 4 }),
      (edges, asker, to, dead) => {
        const silent = new Set(dead.filter((index) => index !== asker).map((index) => pool[index]!))
        const peers = new Map(pool.map((bits) => [bits, peerOf(bits)]))
        for (const [a, b] of edges) {
          const [one, other] = [pool[a]!, pool[b]!]
          if (a === b || peers.get(one)!.table.linkTo(key(other))) continue
          peers.get(one)!.table.addLink(b + 1, contact(other), 0)
          peers.get(other)!.table.addLink(a + 1, contact(one), 0)
        }
        let nowMs = 0
        let answers = 0
        let sent = 0
        const tried = new Set<string>()
        const queue: [bits: string, effect: ForwardingEffect][] = []
        const push = (bits: string, effects: readonly ForwardingEffect[]) =>
          queue.push(...effects.map((effect): [string, ForwardingEffect] => [bits, effect]))
        const work = () => {
          for (let next = queue.shift(); next; next = queue.shift()) {
            const [bits, effect] = next
            if (effect.type === 'arrived' || effect.type === 'nowhere' || effect.type === 'lost') answers += 1
            if (effect.type !== 'send') continue
            const there = pool[effect.link - 1]!
            const back = peers.get(there)!.table.linkTo(key(bits))!
            const { message } = effect
            if (message.type === 'seek') {
              sent += 1
              const hexes = message.path.map(({ hex }) => hex)
              expect(new Set(hexes).size).toBe(hexes.length)
              expect(hexes).not.toContain(key(there).hex)
              expect(tried.has(`${bits} ${there}`)).toBe(false)
              tried.add(`${bits} ${there}`)
              if (!silent.has(there)) push(there, peers.get(there)!.forwarding.handle({ type: 'seek', seek: message, from: back }, nowMs))
            }
            if (message.type === 'taken' || message.type === 'declined')
              push(there, peers.get(there)!.forwarding.handle({ ...message, link: back.link }, nowMs))
          }
        }
        push(
          pool[asker]!,
          peers.get(pool[asker]!)!.forwarding.handle({ type: 'own', seek: newSeek({ id, target: key(to), want: 'peers', avoid: [] }) }, 0),
        )
        work()
        for (let wakes = 0; wakes < 200; wakes++) {
          const due = Math.min(...[...peers.values()].map(({ forwarding }) => forwarding.wakeAtMs ?? Infinity))
          if (due === Infinity) break
          nowMs = due
          for (const [bits, { forwarding }] of peers)
            if ((forwarding.wakeAtMs ?? Infinity) <= nowMs) push(bits, forwarding.handle({ type: 'woke' }, nowMs))
          work()
        }
        expect(answers).toBeGreaterThan(0)
        expect(sent).toBeLessThanOrEqual(2 * edges.length)
        expect([...peers.values()].map(({ forwarding }) => forwarding.wakeAtMs)).toEqual(pool.map(() => undefined))
      },
    ),
    { numRuns: 300 },
  )
})

function peerOf(bits: string): { table: RoutingTable; forwarding: Forwarding } {
  const table = linkedTable(bits, [])
  return { table, forwarding: new Forwarding(table, { answersHere: () => false, takes: () => true, waits: () => false }) }
}
