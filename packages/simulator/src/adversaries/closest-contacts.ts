import { type Contact, Key, replicas } from '@hashtab/core'

/** Of these, each once, the `replicas` closest to a key. */
export function closestContacts(target: Key, contacts: readonly Contact[]): Contact[] {
  const each = new Map(contacts.map((contact) => [contact.id.hex, contact]))
  return [...each.values()].sort((a, b) => Key.compare(target, a.id, b.id)).slice(0, replicas)
}
