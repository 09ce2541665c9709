import { describe, expect, it } from 'vitest'
import { openRecord } from './fixtures/made-up-record.js'
import { key } from './fixtures/visible-key.js'
import { WiredOverlays, type WiredPeer } from './fixtures/wired-overlays.js'
import type { Key } from './keys/key.js'
import { allowances, verificationsInAll } from './links/guard.js'
import type { Message, Payload } from './wire/message.js'

/** A day on from the wire's first moment. */
const expiresUnixS = 1_700_000_000 + 86_400
const target = key('0b0110')

const envelopeTo = (destination: Key, path: readonly Key[], payload: Payload): Message => {
  return { type: 'envelope', destination, route: [], path, hopsLeft: 9, payload }
}

describe('signatures judged for others', () => {
  const peers = 9
  const asked = allowances.store.burst

  it.each(['in a question', 'on its way to its replicas'])(
    'are bounded over all links: more, of records %s, are said not to be kept',
    (how) => {
      const wire = WiredOverlays.mesh(peers)
      const [one, ...others] = wire.peers as [WiredPeer, ...WiredPeer[]]
      const receipts = new Map<string | undefined, number>()
      const { id: self } = one.contact
      const links = others.map((other) => ({ link: wire.linkOf(one, other), path: [other.contact.id] }))
      wire.carry = (message, from) => {
        if (from !== one || message.type !== 'envelope' || message.payload.type !== 'response') return []
        const { answer } = message.payload
        const placed = answer.type === 'placed' ? answer.replicas.find(({ contact }) => contact.id.equals(self)) : answer
        const receipt = placed && 'receipt' in placed ? placed.receipt : undefined
        receipts.set(receipt, (receipts.get(receipt) ?? 0) + 1)
        return []
      }
      for (let i = 0; i < asked * links.length; i++) {
        const { link, path } = links[i % links.length]!
        const record = openRecord(self, { seq: i, expiresUnixS })
        const id = i.toString(16).padStart(16, '0')
        const message: Message =
          how === 'in a question'
            ? envelopeTo(self, path, { type: 'request', id, question: { type: 'store', record } })
            : { type: 'seek', id, target: self, want: 'peers', path, avoid: [], hopsLeft: 9, store: { record, all: false } }
        wire.tell(one, { type: 'received', link, message })
      }
      wire.run(3_000)
      const judged = verificationsInAll.store.burst + allowances.verification.burst * links.length
      expect(Object.fromEntries(receipts)).toEqual({ stored: judged, full: asked * links.length - judged })
    },
  )
})

describe('signatures of what is pushed to a watch', () => {
  it('are bounded: what is more is left unanswered, so that it comes again', () => {
    const wire = WiredOverlays.mesh(2)
    const [one, other] = wire.peers as [WiredPeer, WiredPeer]
    const watched = () => one.notices.filter(({ type }) => type === 'watched')
    let lease: string | undefined
    let [heard, pushes] = [0, 0]
    wire.carry = (message, from) => {
      if (message.type !== 'envelope') return [message]
      const { payload } = message
      if (payload.type === 'request' && payload.question.type === 'watch') lease = payload.question.lease
      if (from === one && payload.type === 'response' && payload.answer.type === 'heard') heard += 1
      return [message]
    }
    wire.tell(one, { type: 'watch', operation: 901, target, want: 'open' })
    wire.run(3_000)
    const perPush = 10
    const push = (from: number) => {
      const records = Array.from({ length: perPush }, (_, i) =>
        openRecord(target, { publisher: i + 1, seq: from, expiresUnixS, value: 'x' }),
      )
      const question = { type: 'changed', lease: lease!, records, ending: false } as const
      const payload = { type: 'request', id: (pushes += 1).toString(16).padStart(16, '0'), question } as const
      wire.tell(one, { type: 'received', link: wire.linkOf(one, other), message: envelopeTo(one.contact.id, [other.contact.id], payload) })
    }
    for (let i = 1; i <= allowances.changed.burst / 2; i++) push(i)
    const judged = verificationsInAll.changed.burst + allowances.verification.burst
    expect(watched()).toHaveLength(judged)
    wire.run(10)
    expect(heard).toBe(judged / perPush)
    // A minute later there is time again.
    wire.run(60_000)
    push(pushes + 1)
    wire.run(10)
    expect([watched().length, heard]).toEqual([judged + perPush, judged / perPush + 1])
  })
})
