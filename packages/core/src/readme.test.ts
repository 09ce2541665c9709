import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cipherSuite } from './fixtures/cipher-suite.js'
import { seededRandom } from './fixtures/seeded-random.js'
import { contactOf, contentRecord, encodeUtf8, Overlay, type OverlayEvent, publicKey, sealingWith } from './index.js'

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

describe('the example in the README', () => {
  it('runs', () => {
    const random = seededRandom()
    const sealing = sealingWith(cipherSuite)
    const contacts = [1, 2].map((byte) => contactOf(publicKey(new Uint8Array(32).fill(byte))))
    const peers = contacts.map((contact) => new Overlay({ contact, verify: () => true, sealing, random, nowMs: 0, unixMs: 0 }))
    const links = [0, 0]
    const outcomes: unknown[] = []

    function run(first: number, event: OverlayEvent, nowMs: number) {
      const queue: [here: number, event: OverlayEvent][] = [[first, event]]
      for (const [here, next] of queue) {
        const there = 1 - here
        for (const effect of peers[here]!.handle(next, nowMs)) {
          if (effect.type === 'send') queue.push([there, { type: 'received', link: links[there]!, message: effect.message }])
          if (effect.type === 'seal')
            queue.push([there, { type: 'letter', from: contacts[here]!, body: effect.body, back: effect.carriage }])
          if (effect.type === 'offer' || effect.type === 'answer') {
            links[here] = effect.link
            queue.push([here, { type: 'described', link: effect.link, description: encodeUtf8('how to reach me') }])
          }
          if (effect.type === 'accept') for (const end of [0, 1]) queue.push([end, { type: 'opened', link: links[end]! }])
          if (effect.type === 'finish') outcomes.push(effect.outcome)
        }
      }
    }

    run(0, { type: 'met', point: 0, contacts }, 0)
    run(0, { type: 'woke' }, peers[0]!.wakeAtMs) // it knocks, and they link
    const record = contentRecord(encodeUtf8('hello'))
    run(0, { type: 'write', operation: 1, record }, 1_000)
    run(1, { type: 'read', operation: 2, target: record.key, want: 'content' }, 1_000)

    expect(outcomes).toMatchObject([
      { type: 'written', stored: 2 },
      { type: 'read', records: [record] },
    ])
  })

  it('is the one above', () => {
    const [, example] = /```ts\n(.*?)```/s.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))!
    const steps = trimmed(example!).filter(
      (line) => !line.startsWith('import') && !line.startsWith('console.log') && !line.startsWith('const random'),
    )
    // Line breaks are the formatter's, and it has other widths in prose.
    const joined = (lines: readonly string[]) => lines.join(' ')
    expect(joined(trimmed(readFileSync(new URL(import.meta.url), 'utf8')))).toContain(joined(steps))
  })
})
