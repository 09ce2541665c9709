import { describe, expect, it } from 'vitest'
import { linkedTable, linkWith } from '../fixtures/linked-table.js'
import { key } from '../fixtures/visible-key.js'
import type { Key } from '../keys/key.js'
import { type Envelope, hopsMax, type Payload } from '../wire/message.js'
import { Relay, relayBurst, type RelayOutcome, relayPerSecond, sourceOf, wayBack } from './relay.js'
import type { RoutingTable } from './routing-table.js'

const request: Payload = { type: 'request', id: '11'.repeat(8), question: { type: 'ping' } }
const response: Payload = { type: 'response', id: '11'.repeat(8), answer: { type: 'pong' } }
const letter: Payload = { type: 'letter', id: '22'.repeat(8), sealed: new Uint8Array(1) }

/** Peers by the bits of their ids, each linked to those it names: what one sends, the next one takes. */
class Row {
  readonly #tables = new Map<string, RoutingTable>()
  readonly #relays = new Map<string, Relay>()

  constructor(links: Readonly<Record<string, readonly string[]>>) {
    for (const [bits, others] of Object.entries(links)) {
      const table = linkedTable(bits, others)
      this.#tables.set(table.self.hex, table)
      this.#relays.set(table.self.hex, new Relay(table))
    }
  }

  table(bits: string): RoutingTable {
    return this.#tables.get(key(bits).hex)!
  }

  relay(bits: string): Relay {
    return this.#relays.get(key(bits).hex)!
  }

  take(at: Key, envelope: Envelope, from: Key, nowMs = 0): RelayOutcome {
    return this.#relays.get(at.hex)!.take(envelope, this.#tables.get(at.hex)!.linkTo(from)!, nowMs)
  }

  /** Follows an envelope from where it was dispatched to where it goes no further. */
  follow(from: string, first: RelayOutcome): { at: Key; outcome: RelayOutcome; envelope: Envelope; passed: Key[] } {
    let at = key(from)
    let outcome = first
    const passed = [at]
    let envelope: Envelope | undefined
    while (outcome.type === 'forward') {
      envelope = outcome.envelope
      const next = outcome.link.contact.id
      outcome = this.take(next, envelope, at)
      at = next
      passed.push(at)
    }
    return { at, outcome, envelope: envelope!, passed }
  }
}

const row = () => new Row({ '0b00': ['0b01'], '0b01': ['0b00', '0b11'], '0b11': ['0b01'] })
const far = (over: Partial<Envelope> = {}): Envelope => ({
  type: 'envelope',
  destination: key('0b11'),
  route: [],
  path: [key('0b00')],
  hopsLeft: hopsMax,
  payload: request,
  ...over,
})

describe('three peers in a row', () => {
  it('pass a request on, and 3: the answer goes back the way it came', () => {
    const peers = row()
    const there = peers.follow('0b00', peers.relay('0b00').dispatch(key('0b11'), [key('0b01')], request))
    expect(there.outcome).toEqual({ type: 'arrived' })
    expect(there.at).toEqual(key('0b11'))
    expect(there.envelope).toMatchObject({ path: [key('0b00'), key('0b01')], payload: request })
    expect(sourceOf(there.envelope)).toEqual(key('0b00'))
    expect(wayBack(there.envelope)).toEqual([key('0b01')])

    const back = peers.follow('0b11', peers.relay('0b11').answer(there.envelope, response))
    expect(back.outcome).toEqual({ type: 'arrived' })
    expect(back.passed).toEqual([key('0b11'), key('0b01'), key('0b00')])
    expect(back.envelope.payload).toEqual(response)
  })

  it('3: an answer goes back the way it came although its source is linked: whoever put a false one there has it', () => {
    const row = new Row({ '0b0': ['0b1', '0b01'], '0b1': ['0b0'], '0b01': ['0b0'] })
    const question: Envelope = {
      type: 'envelope',
      destination: key('0b0'),
      route: [],
      path: [key('0b1'), key('0b01')],
      hopsLeft: 9,
      payload: request,
    }
    const outcome = row.relay('0b0').answer(question, response)
    expect(outcome.type === 'forward' && outcome.link.contact.id).toEqual(key('0b01'))
  })

  it('find the way without a route, by coming closer', () => {
    const peers = row()
    expect(peers.follow('0b00', peers.relay('0b00').dispatch(key('0b11'), [], request)).outcome).toEqual({ type: 'arrived' })
  })

  it.each<[string, Payload, boolean]>([
    ['a request', request, true],
    ['a letter', letter, true],
    ['a response', response, false],
    ['a notice', { type: 'undeliverable', id: '33'.repeat(8) }, false],
  ])('tell the source that %s goes nowhere; 4: but nothing about what was itself an answer', (_, payload, told) => {
    const peers = row()
    const lost = peers.follow('0b00', peers.relay('0b00').dispatch(key('0b111'), [key('0b01')], payload))
    expect(lost.at).toEqual(key('0b11'))
    if (lost.outcome.type !== 'undeliverable') throw new Error(lost.outcome.type)
    expect(lost.outcome.notice !== undefined).toBe(told)
    if (!lost.outcome.notice || !('id' in payload)) return
    const back = peers.follow('0b11', { type: 'forward', ...lost.outcome.notice })
    expect(back).toMatchObject({
      at: key('0b00'),
      outcome: { type: 'arrived' },
      envelope: { payload: { type: 'undeliverable', id: payload.id } },
    })
  })

  it('know at once when no link leads there', () => {
    expect(row().relay('0b11').dispatch(key('0b111'), [], request)).toEqual({ type: 'undeliverable', notice: undefined })
  })
})

describe('the next hop', () => {
  it('is the destination, if it is linked, whatever the route says', () => {
    const relay = new Relay(linkedTable('0b0', ['0b1', '0b01']))
    expect(relay.dispatch(key('0b1'), [key('0b01')], request)).toMatchObject({ link: { link: 1 }, envelope: { route: [] } })
  })

  it('is the next of the route, and leaves the rest for later', () => {
    const relay = new Relay(linkedTable('0b0', ['0b1', '0b01']))
    expect(relay.dispatch(key('0b111'), [key('0b01'), key('0b011')], request)).toMatchObject({
      link: { link: 2 },
      envelope: { route: [key('0b011')], path: [key('0b0')], hopsLeft: hopsMax },
    })
  })

  it('is greedy where the route breaks, and drops the rest of it', () => {
    const relay = new Relay(linkedTable('0b0', ['0b1', '0b01']))
    expect(relay.dispatch(key('0b111'), [key('0b0011'), key('0b011')], request)).toMatchObject({
      link: { link: 1 },
      envelope: { route: [] },
    })
  })

  it('is, when greedy, rather who has the destination beside it than who is closer', () => {
    const table = linkedTable('0b0', ['0b110', '0b01'])
    linkWith(table, '0b01', ['0b111'])
    expect(new Relay(table).dispatch(key('0b111'), [], request)).toMatchObject({ link: { link: 2 } })
  })

  it('1: is never a peer that was passed, even when the route says so', () => {
    const table = linkedTable('0b01', ['0b00', '0b11', '0b10'])
    const outcome = new Relay(table).take(
      far({ destination: key('0b1111'), route: [key('0b11')], path: [key('0b11'), key('0b00')] }),
      linkWith(table, '0b00'),
      0,
    )
    expect(outcome).toMatchObject({ type: 'forward', link: { link: 3 } })
  })
})

describe('a relay drops', () => {
  const table = linkedTable('0b01', ['0b00', '0b11'])
  const take = (envelope: Envelope, nowMs = 0) => new Relay(table).take(envelope, linkWith(table, '0b00'), nowMs)

  it.each<[string, Envelope]>([
    ['a path that does not end with who sent it', far({ path: [key('0b00'), key('0b10')] })],
    ['a path of nobody', far({ path: [] })],
  ])('as forged %s', (_, envelope) => expect(take(envelope)).toEqual({ type: 'dropped', reason: 'forged' }))

  it('1: what has passed here', () => {
    expect(take(far({ path: [key('0b01'), key('0b00')] }))).toEqual({ type: 'dropped', reason: 'loop' })
    expect(take(far({ destination: key('0b01'), path: [key('0b01'), key('0b00')] }))).toEqual({ type: 'dropped', reason: 'loop' })
  })

  it('2: what has no hops left, unless it has arrived', () => {
    expect(take(far({ hopsLeft: 0 }))).toEqual({ type: 'dropped', reason: 'hops' })
    expect(take(far({ hopsLeft: 0, destination: key('0b01') }))).toEqual({ type: 'arrived' })
    expect(take(far({ hopsLeft: 1 }))).toMatchObject({ type: 'forward', envelope: { hopsLeft: 0 } })
  })

  it('what is over the budget of the link it came by, and of that link alone', () => {
    const table = linkedTable('0b01', ['0b00', '0b11'])
    const relay = new Relay(table)
    const [here, there] = [linkWith(table, '0b00'), linkWith(table, '0b11')]
    for (let i = 0; i < relayBurst; i++) expect(relay.take(far(), here, 0).type).toBe('forward')
    expect(relay.take(far(), here, 0)).toEqual({ type: 'dropped', reason: 'budget' })
    expect(relay.take(far({ destination: key('0b01') }), here, 0)).toEqual({ type: 'dropped', reason: 'budget' })
    const answer: Payload = { type: 'undeliverable', id: '00'.repeat(8) }
    expect(relay.take(far({ destination: key('0b01'), payload: answer }), here, 0)).toEqual({ type: 'arrived' })
    expect(relay.take(far({ destination: key('0b00'), path: [key('0b11')] }), there, 0).type).toBe('forward')
    expect(relay.take(far(), here, 1_000 / relayPerSecond).type).toBe('forward')
  })
})
