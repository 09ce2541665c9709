import { Key } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { newcomer } from '../virtual-peer.js'
import { groundContact } from './ground-contact.js'
import { ListLiar } from './list-liar.js'
import { Siege } from './siege.js'

const siblings = 8
/** Bits that the invented peers share with the newcomer: nobody who is there is as close. */
const inventedBits = 10

describe('peers that list sixty-four others, none of them there, right beside a newcomer', () => {
  it('do not keep it from its true siblings', { timeout: 120_000 }, () => {
    const world = new Siege({ seed: 21, honest: 50, hostile: 0, conducts: [] })
    const { simulation } = world
    const victim = newcomer(simulation.random)
    const invented = Array.from({ length: 64 }, () => groundContact(victim.contact.id, inventedBits, simulation.random))
    for (let liars = 0; liars < 3; liars++) simulation.join({ ...newcomer(simulation.random), conducts: [new ListLiar(invented)] })
    simulation.run(60_000)
    const peer = simulation.join(victim)
    simulation.run(60_000)
    const true8 = world.honest.toSorted((a, b) => Key.compare(victim.contact.id, a.contact.id, b.contact.id)).slice(0, siblings)
    expect(true8.filter(({ contact }) => peer.overlay.isLinkedTo(contact.id))).toHaveLength(siblings)
  })
})
