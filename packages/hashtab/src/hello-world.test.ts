import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { createSignalingServer, type SignalingServer } from '@hashtab/signaling-server'
import { join, type Peer } from './node.js'

const example = /^```ts\n(.*?)^```/ms.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))![1]!

let server: SignalingServer | undefined
afterEach(() => server?.close())

/** Runs the example of the README with this `join`, its server's address replaced by ours. Answers with its peer and what it printed. */
async function run(address: string): Promise<{ peer: Peer; printed: string[] }> {
  const printed: string[] = []
  const code = example.replace(/^import .*$/m, '').replace(/ws:\/\/localhost:8080\/signal/, address)
  const body = new Function('join', 'console', `return (async () => { ${code}; return peer })()`) as (...given: unknown[]) => Promise<Peer>
  return { peer: await body(join, { log: (...words: unknown[]) => printed.push(words.join(' ')) }), printed }
}

test('the example of the README, twice over, in Node', { timeout: 30_000 }, async () => {
  server = createSignalingServer({ port: 0, host: '127.0.0.1' })
  await server.listen()
  const [first, second] = await Promise.all([run(server.address), run(server.address)])
  expect(first.printed.at(-1)).toMatch(/^I am [0-9a-f]{40}, one of about 2$/)
  const entries = await second.peer.get('hello')
  expect(entries.map(({ publisher, text }) => `${publisher} says ${text}`).toSorted()).toEqual(
    [first, second].map(({ peer }) => `${peer.publicKey} says world`).toSorted(),
  )
  await second.peer.send(first.peer.id, 'good morning')
  expect(first.printed.at(-1)).toBe(`${second.peer.id} good morning`)
  await Promise.all([first.peer.leave(), second.peer.leave()])
})
