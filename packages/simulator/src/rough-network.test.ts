import { contentRecord } from '@hashtab/core'
import { describe, expect, it } from 'vitest'
import { layOut, outcomeOf, retransmissionMinMs, Simulation, type SimulationOptions } from './index.js'
import { percentile } from './lookup-tally.js'

const latency = { model: 'constant', meanMs: 50 } as const
const utf8 = (text: string) => new TextEncoder().encode(text)

function laidOut(options: Partial<SimulationOptions> = {}, peers = 20) {
  const simulation = new Simulation({ seed: 7, latency, ...options })
  return { simulation, peers: layOut(simulation, { peers }) }
}

/** The times from writing a mail of so many bytes to somebody who is linked, to the receipt for it. */
function mailTimes(options: Partial<SimulationOptions>, bytes = 10): readonly number[] {
  const { simulation, peers } = laidOut(options)
  const beganMs = new Map<number, number>()
  const tookMs: number[] = []
  simulation.watcher = {
    sent: () => {},
    finished: (_, { operation, outcome }) => {
      if (outcome.type === 'mailed' && outcome.received) tookMs.push(simulation.nowMs - beganMs.get(operation)!)
    },
  }
  for (let i = 0; i < 100; i++) {
    const operation = simulation.nextOperation()
    beganMs.set(operation, simulation.nowMs)
    const [from, to] = simulation.random.sample(peers, 2)
    simulation.tell(from!, { type: 'mail', operation, to: to!.contact.id, data: new Uint8Array(bytes) })
    simulation.run(2_500)
  }
  expect(tookMs).toHaveLength(100)
  return tookMs
}

describe('an overlay that was laid out', () => {
  it('answers at once: nobody joined, nobody said anything', () => {
    const { simulation, peers } = laidOut()
    expect(simulation.traffic.messages).toBe(0)
    for (const { overlay } of peers) expect(overlay.status).toMatchObject({ links: 19, siblings: 8 })
    const record = contentRecord(utf8('hello'))
    expect(outcomeOf(simulation, peers[0]!, { type: 'write', record, all: true })).toMatchObject({ type: 'written', stored: 8 })
    expect(outcomeOf(simulation, peers[19]!, { type: 'read', target: record.key, want: 'content' })).toMatchObject({ records: [record] })
    expect(simulation.network.connectionsMade).toBe(0)
  })

  it('lives on: who crashes is noticed, who comes is linked', () => {
    const { simulation, peers } = laidOut()
    for (const peer of peers.slice(0, 6)) simulation.crash(peer)
    simulation.run(60_000)
    for (const { overlay } of peers.slice(6)) expect(overlay.status.links).toBe(13)
    const newcomer = simulation.join()
    simulation.meetingPoint.visit(peers[10]!, simulation.nowMs)
    simulation.run(60_000)
    expect(newcomer.overlay.status.links).toBe(14)
  })
})

describe('what is lost on the way', () => {
  it('comes later, and nothing is missing', () => {
    expect(percentile(mailTimes({}), 0.99)).toBeCloseTo(2 * latency.meanMs)
    const late = mailTimes({ loss: 0.1 }).filter((tookMs) => tookMs >= 2 * latency.meanMs + retransmissionMinMs)
    expect(late.length).toBeGreaterThan(10)
    expect(late.length).toBeLessThan(30)
  })
})

describe('a thin uplink', () => {
  it('takes its time for every byte', () => {
    // 1,000 bytes at 100 bytes a millisecond; half of the uplinks are thinner than the median.
    const thin = mailTimes({ uplinkMbps: 0.8 }, 1_000)
    expect(percentile(thin, 0.5)).toBeGreaterThan(2 * latency.meanMs + 7)
    expect(percentile(thin, 0.5)).toBeLessThan(2 * latency.meanMs + 30)
  })
})

describe('a frozen tab', () => {
  it('says nothing until it thaws, and then takes what waited', () => {
    const { simulation, peers } = laidOut()
    const [sleeper, writer] = [peers[3]!, peers[4]!]
    simulation.freeze(sleeper)
    const operation = simulation.nextOperation()
    const finished: number[] = []
    simulation.watcher = { sent: () => {}, finished: (_, finish) => void finished.push(finish.operation) }
    simulation.tell(writer, { type: 'mail', operation, to: sleeper.contact.id, data: utf8('are you there?') })
    simulation.run(2_000)
    expect(finished).toEqual([])
    expect(sleeper.frozen).toHaveLength(1)
    simulation.thaw(sleeper)
    simulation.run(200)
    expect(finished).toEqual([operation])
  })
})

describe('a partition', () => {
  it('breaks the links between its sides, lets none be made, and heals', () => {
    const { simulation, peers } = laidOut()
    const cut = new Set(peers.slice(0, 8))
    simulation.network.divide(simulation.alive, (peer) => cut.has(peer), simulation.nowMs)
    simulation.run(120_000)
    for (const peer of peers) expect(peer.overlay.status.links).toBe(cut.has(peer) ? 7 : 11)
    const across = () =>
      peers
        .filter((peer) => cut.has(peer))
        .flatMap(({ overlay }) => peers.filter((one) => !cut.has(one) && overlay.isLinkedTo(one.contact.id)))
    expect(across()).toEqual([])
    simulation.network.heal()
    simulation.meetingPoint.visit(peers[0]!, simulation.nowMs)
    simulation.meetingPoint.visit(peers[19]!, simulation.nowMs)
    simulation.run(120_000)
    expect(across()).toContain(peers[19])
  })
})

it('a pair behind symmetric routers is not laid out, and cannot link', () => {
  const nat = { cone: 0, restricted: 0, symmetric: 1 }
  const { simulation, peers } = laidOut({ nat })
  expect(peers.map(({ openLinks }) => openLinks)).toEqual(peers.map(() => 0))
  for (const peer of peers) simulation.meetingPoint.visit(peer, simulation.nowMs)
  simulation.run(60_000)
  expect(simulation.network.connectionsMade).toBeGreaterThan(0)
  for (const { overlay } of peers) expect(overlay.status.links).toBe(0)
})
