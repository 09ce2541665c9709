import { type Contact, contactOf, Key, keyBytes, publicKey, publicKeyBytes, type Record, replicas } from '@hashtab/core'
import { closestPeers } from '../closest-peers.js'
import type { RandomSource } from '../random-source.js'
import type { Identity } from '../virtual-peer.js'
import { type ConductName, newConduct } from './conduct-name.js'
import { groundContact } from './ground-contact.js'

/** Peers that do not exist, made once: whoever invents names of these the closest to what it is asked for. */
const inventionsMax = 20_000

export interface GangOptions {
  readonly size: number
  /** Every member has all of them. */
  readonly conducts: readonly ConductName[]
  /** Their ids are ground so that they share so many bits with this key; left out: they are spread by chance. */
  readonly crowded?: { readonly key: Key; readonly bits: number }
  readonly random: RandomSource
  /** The wall clock at virtual time 0. */
  readonly beganUnixMs: number
}

/** Hostile peers that work together, and what they have in common. */
export class Gang {
  readonly contacts: readonly Contact[]
  readonly random: RandomSource
  /** Keys under which their owners say different things. */
  readonly equivocated: Key[] = []
  /** Knocks of its members that are to come to nothing. */
  knocks = 0
  /** Told of every record that a member signs. */
  signed: (record: Record) => void = () => {}
  readonly #options: GangOptions
  readonly #members: ReadonlySet<string>
  /** In ascending order of their ids, as those of the members. */
  readonly #places: readonly Placed[]
  #inventions: readonly Placed[] | undefined

  constructor(options: GangOptions) {
    const { size, crowded, random } = options
    this.#options = options
    this.random = random
    this.contacts = Array.from({ length: size }, () =>
      crowded ? groundContact(crowded.key, crowded.bits, random) : contactOf(publicKey(random.bytes(publicKeyBytes))),
    )
    this.#places = inOrder(this.contacts)
    this.#members = new Set(this.contacts.map(({ id }) => id.hex))
  }

  includes({ hex }: Key): boolean {
    return this.#members.has(hex)
  }

  /** Its members closest to a key. */
  closest(key: Key): Contact[] {
    return closestPeers(this.#places, key, replicas).map(({ contact }) => contact)
  }

  /** The peers closest to a key that do not exist. */
  closestInvented(key: Key): Contact[] {
    return closestPeers(this.#invented, key, replicas).map(({ contact }) => contact)
  }

  /** Some that do not exist. */
  inventions(count: number): Contact[] {
    return this.random.sample(this.#invented, count).map(({ contact }) => contact)
  }

  unixS(nowMs: number): number {
    return Math.floor((this.#options.beganUnixMs + nowMs) / 1_000)
  }

  /** One of its members, as it joins. */
  identityOf(contact: Contact): Identity {
    return { contact, storage: undefined, conducts: this.#options.conducts.map((name) => newConduct(name, this)) }
  }

  get #invented(): readonly Placed[] {
    return (this.#inventions ??= inOrder(
      Array.from({ length: inventionsMax }, () => contactOf(publicKey(this.random.bytes(publicKeyBytes)))),
    ))
  }
}

interface Placed {
  readonly contact: Contact
}

function inOrder(contacts: readonly Contact[]): Placed[] {
  const zero = Key.fromBytes(new Uint8Array(keyBytes))
  return contacts.toSorted((a, b) => Key.compare(zero, a.id, b.id)).map((contact) => ({ contact }))
}
