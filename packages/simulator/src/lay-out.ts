import { type Contact, contactOf, Key, keyBytes, publicKey, publicKeyBytes } from '@hashtab/core'
import type { Gang } from './adversaries/gang.js'
import type { LaidOutLinks } from './laid-out-links.js'
import { planLinks } from './link-plan.js'
import { reservoirMax } from './meeting-point.js'
import type { Simulation } from './simulation.js'
import type { VirtualPeer } from './virtual-peer.js'

export interface LayOutOptions {
  readonly peers: number
  /** Links that a peer tries to have (32). */
  readonly target?: number
  /** Who of them is hostile. */
  readonly gang?: Gang
}

/** Peers that are linked as they would be after a while, in ascending order of their ids. None of them joins: a million take minutes, not days. */
export function layOut(simulation: Simulation, { peers, target = 32, gang }: LayOutOptions): VirtualPeer[] {
  const contacts = newContacts(simulation, peers, gang)
  const sites = contacts.map((contact) => simulation.siteOf(contact))
  const links: LaidOutLinks = planLinks({
    contacts,
    random: simulation.random,
    target,
    canLink: (a, b) => simulation.network.canLink(sites[a]!, sites[b]!),
    latencyMs: (a, b) => simulation.network.latencyMs(sites[a]!, sites[b]!),
  })
  const identities = contacts.map((contact) => (gang?.includes(contact.id) ? gang.identityOf(contact) : { contact, storage: undefined }))
  return simulation.layOut(identities, links)
}

/** Some of those who were laid out go and stand at the meeting point, which knows nobody yet: else newcomers would meet nobody. */
export function standAtMeetingPoint({ meetingPoint, random, alive, nowMs }: Simulation): void {
  for (const peer of random.sample(alive, reservoirMax)) meetingPoint.visit(peer, nowMs)
}

/** Their public keys lie in one piece of memory. */
function newContacts({ random }: Simulation, peers: number, gang: Gang | undefined): Contact[] {
  const hostile = gang?.contacts ?? []
  const count = peers - hostile.length
  const keys = random.bytes(count * publicKeyBytes)
  const contacts = Array.from({ length: count }, (_, i) =>
    contactOf(publicKey(keys.subarray(i * publicKeyBytes, (i + 1) * publicKeyBytes))),
  )
  const zero = Key.fromBytes(new Uint8Array(keyBytes))
  return [...hostile, ...contacts].sort((a, b) => Key.compare(zero, a.id, b.id))
}
