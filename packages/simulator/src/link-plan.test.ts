import { contactOf, Key, keyBytes, publicKey, publicKeyBytes } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { closestPeers, type LaidOutLinks, laidOutLinksMax, type PlanOptions, planLinks, RandomSource } from './index.js'
import { mean } from './lookup-tally.js'

const zero = Key.fromBytes(new Uint8Array(keyBytes))

function planned(peers: number, changes: Partial<PlanOptions> = {}) {
  const random = new RandomSource(7)
  const contacts = Array.from({ length: peers }, () => contactOf(publicKey(random.bytes(publicKeyBytes))))
  contacts.sort((a, b) => Key.compare(zero, a.id, b.id))
  const plan: PlanOptions = { contacts, random, target: 32, canLink: () => true, latencyMs: () => 50, ...changes }
  return { contacts, links: planLinks(plan) }
}

const linked = (links: LaidOutLinks, peer: number) => Array.from({ length: links.countOf(peer) }, (_, place) => links.otherOf(peer, place))

describe('links laid out between 600 peers', () => {
  const { contacts, links } = planned(600)

  it('are present at both ends, each once, none to oneself', () => {
    for (let peer = 0; peer < 600; peer++) {
      const others = linked(links, peer)
      expect(new Set(others).size).toBe(others.length)
      expect(others).not.toContain(peer)
      for (const [place, other] of others.entries()) expect(links.otherOf(other, links.backOf(peer, place))).toBe(peer)
    }
  })

  it('lead to the 8 siblings of each', () => {
    const peers = contacts.map((contact, place) => ({ contact, place }))
    for (let peer = 0; peer < 600; peer++) {
      const siblings = closestPeers(peers, contacts[peer]!.id, 9).slice(1)
      expect(linked(links, peer)).toEqual(expect.arrayContaining(siblings.map(({ place }) => place)))
    }
  })

  it('are as many as each tries to have, or nearly, and into every bucket', () => {
    const counts = contacts.map((_, peer) => links.countOf(peer))
    expect(mean(counts)).toBeGreaterThan(31)
    expect(Math.max(...counts)).toBeLessThanOrEqual(laidOutLinksMax)
    for (let peer = 0; peer < 600; peer++) {
      const buckets = new Set(linked(links, peer).map((other) => contacts[peer]!.id.sharedBits(contacts[other]!.id)))
      for (let bucket = 0; bucket < 5; bucket++) expect(buckets).toContain(bucket)
    }
  })
})

it('no link is laid out where none can be made', () => {
  const canLink = (a: number, b: number) => (a + b) % 3 > 0
  const { links } = planned(300, { canLink })
  for (let peer = 0; peer < 300; peer++) {
    expect(links.countOf(peer)).toBeGreaterThan(8)
    for (const other of linked(links, peer)) expect(canLink(peer, other)).toBe(true)
  }
})

it('a small overlay is a full mesh', () => {
  const { links } = planned(20)
  for (let peer = 0; peer < 20; peer++) expect(links.countOf(peer)).toBe(19)
})

it('of a bucket the near ones are preferred', () => {
  const latencyMs = (a: number, b: number) => Math.abs((a % 97) - (b % 97))
  const meanMs = ({ links }: ReturnType<typeof planned>) =>
    mean(Array.from({ length: 600 }, (_, peer) => mean(linked(links, peer).map((other) => latencyMs(peer, other)))))
  expect(meanMs(planned(600, { latencyMs }))).toBeLessThan(0.9 * meanMs(planned(600)))
})
