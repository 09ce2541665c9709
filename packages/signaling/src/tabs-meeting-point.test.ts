import { encodeUtf8, Key } from '@hashtab/core'
import { generateSigner, type MeetingPointEvent, type Signer, systemRandom } from '@hashtab/peer'
import { afterEach, describe, expect, it } from 'vitest'
import { TabsMeetingPoint } from './tabs-meeting-point.js'

const open: { close(): void }[] = []
afterEach(() => {
  for (const thing of open.splice(0)) thing.close()
})

const newSigner = (): Signer => generateSigner(systemRandom)
const letter = encodeUtf8('a sealed letter')

/** A tab: its meeting point, and what that tells. */
function openTab(network: string, signer = newSigner()) {
  const point = new TabsMeetingPoint({ network })
  open.push(point)
  const events: MeetingPointEvent[] = []
  point.start(signer, (event) => events.push(event))
  const told = (type: MeetingPointEvent['type']) => events.filter((event) => event.type === type)
  return { point, signer, id: Key.hash(signer.publicKey), events, told }
}

describe('two tabs', () => {
  it('meet, and carry a letter', async () => {
    const a = openTab('meet')
    const b = openTab('meet')
    await expect.poll(() => a.told('peers')).toEqual([{ type: 'peers', peers: [b.signer.publicKey] }])
    await expect.poll(() => b.told('peers')).toEqual([{ type: 'peers', peers: [a.signer.publicKey] }])
    a.point.carry(b.id, letter)
    await expect.poll(() => b.told('letter')).toEqual([{ type: 'letter', letter }])
    expect(b.events[0]).toEqual({ type: 'state', state: 'open' })
  })

  it('meet again when woken', async () => {
    const a = openTab('wake')
    const b = openTab('wake')
    await expect.poll(() => b.told('peers')).toHaveLength(1)
    b.point.wake()
    await expect.poll(() => [a.told('peers').length, b.told('peers').length]).toEqual([2, 2])
  })

  it('of other networks, or after one has closed, do not meet', async () => {
    const a = openTab('one')
    const gone = openTab('one')
    await expect.poll(() => gone.told('peers')).toHaveLength(1)
    gone.point.close()
    gone.point.wake()
    gone.point.carry(a.id, letter)
    const other = openTab('two')
    const same = openTab('one')
    await expect.poll(() => same.told('peers')).toEqual([{ type: 'peers', peers: [a.signer.publicKey] }])
    same.point.carry(a.id, letter)
    await expect.poll(() => a.told('letter')).toHaveLength(1)
    expect(other.events).toEqual([{ type: 'state', state: 'open' }])
    expect(gone.events.at(-1)).toEqual({ type: 'state', state: 'closed' })
    expect(gone.told('peers')).toHaveLength(1)
  })
})

describe('what else is on the channel', () => {
  it('is dropped: foreign shapes, letters to others, letters too long', async () => {
    const a = openTab('noise')
    const b = openTab('noise')
    await expect.poll(() => b.told('peers')).toHaveLength(1)
    const channel = new BroadcastChannel('hashtab noise')
    open.push(channel)
    const noise: unknown[] = [
      undefined,
      'd4:type4:heree',
      { type: 'here', publicKey: newSigner().publicKey },
      new Uint8Array(0),
      encodeUtf8('hello'),
      encodeUtf8('d3:key2:kk4:type4:heree'),
      encodeUtf8(`d6:letter1:x2:to20:${'t'.repeat(20)}4:type6:lettere`),
      new Uint8Array(1_000_000).fill(0x6c),
    ]
    for (const piece of noise) channel.postMessage(piece)
    b.point.carry(a.id, new Uint8Array(4_097))
    b.point.carry(a.id, new Uint8Array(0))
    b.point.carry(a.id, letter)
    // Messages between two ends keep their order, and the last of the noise is answered like this one.
    channel.postMessage(encodeUtf8(`d3:key32:${'k'.repeat(32)}4:type4:heree`))
    await expect.poll(() => [a.told('letter').length, a.told('peers').length]).toEqual([1, 2])
    expect(a.told('letter')).toEqual([{ type: 'letter', letter }])
    expect(a.told('peers')[1]).toEqual({ type: 'peers', peers: [encodeUtf8('k'.repeat(32))] })
  })
})
