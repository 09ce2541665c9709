import 'fake-indexeddb/auto'
import { afterEach, expect, test } from 'vitest'
import { History } from './history.js'
import { forgottenMax, newContact } from './model/contact.js'
import type { Fact } from './model/conversations.js'
import type { MessageId } from './model/message.js'
import type { UserKey } from './model/user-key.js'
import { Notebook } from './notebook.js'

const key = (i: number) => i.toString(16).padStart(64, '0') as UserKey
const removed = (i: number): Fact => ({ type: 'contact', contact: newContact(key(i), 'removed', i + 1) })
const message: Fact = {
  type: 'message',
  message: { id: '0'.repeat(32) as MessageId, contact: key(0), from: 'them', text: 'hello', at: 1, sentAt: 1, state: 'queued' },
}
const kept = async (type: Fact['type']) => (await new History().load()).filter((fact) => fact.type === type).length

afterEach(async () => {
  const all = (await new History().load()).flatMap((fact) => (fact.type === 'contact' ? [fact.contact.key] : []))
  await new History().forget(all)
})

test('strangers who were dropped are dropped from the disk too, as they go', async () => {
  const notebook = await Notebook.open()
  const count = forgottenMax.removed + 30
  for (let i = 0; i < count; i++) await notebook.tell(removed(i))
  // An older word than all that are kept.
  await notebook.tell({ type: 'contact', contact: newContact(key(9_999), 'removed', 0) })
  await expect.poll(() => kept('contact')).toBe(forgottenMax.removed)
  expect(notebook.conversations.contact(key(count - 1))).toBeDefined()
})

test('what an older version left on the disk goes when it is read, and what they wrote with it', async () => {
  const history = new History()
  const count = forgottenMax.removed + 30
  for (let i = 0; i < count; i++) await history.keep(removed(i))
  await history.keep(message)
  expect([await kept('contact'), await kept('message')]).toEqual([count, 1])
  await Notebook.open()
  await expect.poll(async () => [await kept('contact'), await kept('message')]).toEqual([forgottenMax.removed, 0])
})
