import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSignalingServer } from './index.js'

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(import|console|expect)/.test(line))

describe('the example in the README', () => {
  it('runs', async () => {
    const server = createSignalingServer({ port: 0, iceServers: [{ urls: 'stun:stun.example.org:3478' }] })
    await server.listen()
    expect(server.address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/signal$/)
    const health = await fetch(server.address.replace('ws:', 'http:').replace('/signal', '/health'))
    expect(await health.json()).toEqual({ status: 'ok', sockets: 0, networks: 0, uptimeS: 0 })
    await server.close()
  })

  it('is the one above', () => {
    const [, example] = /```ts\n(.*?)```/s.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))!
    expect(trimmed(readFileSync(new URL(import.meta.url), 'utf8')).join('\n')).toContain(trimmed(example!).join('\n'))
  })
})
