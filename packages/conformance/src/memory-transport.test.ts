import { describe, expect, it, test } from 'vitest'
import { ManualClock } from './manual-clock.js'
import { MemoryNetwork } from './memory-network.js'
import { connect, TransportEnd } from './transport-end.js'
import { transportSuite } from './transport-suite.js'

describe('MemoryTransport keeps the promises of Transport', () => {
  test.each(transportSuite)('$name', ({ run }) =>
    run(() => {
      const network = new MemoryNetwork()
      return { make: (options) => network.transport(options) }
    }),
  )
})

describe('MemoryTransport keeps the promises of Transport, with latency', () => {
  test.each(transportSuite)('$name', ({ run }) =>
    run(() => {
      const network = new MemoryNetwork({ latencyMs: 2 })
      return { make: (options) => network.transport(options) }
    }),
  )
})

describe('MemoryNetwork', () => {
  async function pair() {
    const clock = new ManualClock()
    const network = new MemoryNetwork({ clock })
    const [a, b] = [network.transport(), network.transport()]
    const [endA, endB] = [new TransportEnd(a), new TransportEnd(b)]
    await connect(endA, 1, endB, 2)
    return { clock, network, a, b, endA, endB }
  }

  it('lets the other end of a killed transport find out: trouble after 5 s, closed 10 s later', async () => {
    const { clock, a, endA, endB } = await pair()
    const told = endA.told.length
    a.kill()
    clock.advance(4_999)
    expect(endB.told.at(-1)?.type).toBe('opened')
    clock.advance(1)
    await endB.next('troubled', 2)
    clock.advance(10_000)
    expect((await endB.next('closed', 2)).reason).toBe('ended')
    expect(endA.told.length).toBe(told)
    expect(clock.waiting).toBe(0)
  })

  it('holds what is sent over a cut path until it heals', async () => {
    const { clock, network, a, b, endA, endB } = await pair()
    network.cut(a, b)
    for (const turn of [1, 2, 3]) endA.order((transport) => transport.send(1, Uint8Array.of(turn)))
    clock.advance(6_000)
    await endB.next('troubled', 2)
    network.heal(a, b)
    for (const turn of [1, 2, 3]) expect((await endB.next('received', 2)).message).toEqual(Uint8Array.of(turn))
    clock.advance(60_000)
    endB.order((transport) => transport.send(2, Uint8Array.of(4)))
    await endA.next('received', 1)
    expect(endB.told.some((event) => event.type === 'closed')).toBe(false)
  })

  it('opens no link over a cut path', async () => {
    const clock = new ManualClock()
    const network = new MemoryNetwork({ clock })
    const [a, b] = [network.transport(), network.transport()]
    const [endA, endB] = [new TransportEnd(a), new TransportEnd(b)]
    network.cut(a, b)
    endA.order((transport) => transport.offer(1))
    endB.order((transport) => transport.answer(1, new Uint8Array(0)))
    const { description } = await endA.next('described', 1)
    endB.order((transport) => transport.answer(2, description))
    const answer = await endB.next('described', 2)
    endA.order((transport) => transport.accept(1, answer.description))
    clock.advance(8_000)
    expect((await endA.next('closed', 1)).reason).toBe('failed')
    expect((await endB.next('closed', 2)).reason).toBe('failed')
  })
})
