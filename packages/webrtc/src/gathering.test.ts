import { ManualClock } from '@hashtab/conformance'
import { describe, expect, it } from 'vitest'
import { Gathering } from './gathering.js'

const local = { fingerprint: new Uint8Array(32), pwd: 'p'.repeat(22), setup: 'actpass', ufrag: 'user' } as const
const candidate = (port: number, type = 'host') => `candidate:1 1 udp 5 192.0.2.1 ${port} typ ${type}`

function begin() {
  const clock = new ManualClock()
  const told: string[] = []
  const gathering = new Gathering(clock, {
    described: ({ candidates }) => told.push(`${clock.nowMs()} description ${candidates.map(({ port }) => port).join()}`),
    candidates: (candidates) => told.push(`${clock.nowMs()} candidates ${candidates.map(({ port }) => port).join()}`),
  })
  return { clock, told, gathering }
}

describe('Gathering', () => {
  it('tells a description with what came within 10 ms, then batches of 50 ms', () => {
    const { clock, told, gathering } = begin()
    gathering.add(candidate(5_001))
    gathering.describe(local)
    clock.advance(9)
    gathering.add(candidate(5_002))
    clock.advance(21)
    gathering.add(candidate(5_003, 'srflx'))
    clock.advance(40)
    gathering.add(candidate(5_004, 'relay'))
    clock.advance(30)
    gathering.add(candidate(5_005, 'relay'))
    clock.advance(60)
    expect(told).toEqual(['10 description 5001,5002', '80 candidates 5003,5004', '150 candidates 5005'])
    expect(clock.waiting).toBe(0)
  })

  it('waits no longer than there is something to wait for', () => {
    const { clock, told, gathering } = begin()
    gathering.describe(local)
    clock.advance(3)
    gathering.add(candidate(5_001))
    gathering.complete()
    expect(told).toEqual(['3 description 5001'])
    expect(clock.waiting).toBe(0)
  })

  it('tells each candidate once, at most 5 of type host and 8 in all', () => {
    const { clock, told, gathering } = begin()
    gathering.describe(local)
    for (let port = 5_001; port < 5_010; port++) gathering.add(candidate(port))
    gathering.add(candidate(5_001))
    clock.advance(10)
    for (let port = 6_001; port < 6_010; port++) gathering.add(candidate(port, 'relay'))
    gathering.add('candidate:1 1 tcp 5 192.0.2.1 9 typ host tcptype active')
    clock.advance(100)
    expect(told).toEqual(['10 description 5001,5002,5003,5004,5005', '60 candidates 6001,6002,6003'])
  })

  it('tells nothing more once it is stopped', () => {
    const { clock, told, gathering } = begin()
    gathering.describe(local)
    gathering.stop()
    clock.advance(100)
    expect(told).toEqual([])
    expect(clock.waiting).toBe(0)
  })
})
