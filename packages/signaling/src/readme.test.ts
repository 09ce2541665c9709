import { readFileSync } from 'node:fs'
import { Key } from '@hashtab/core'
import { generateSigner } from '@hashtab/peer'
import { describe, expect, it } from 'vitest'
import { TabsMeetingPoint } from './index.js'

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

describe('the example in the README', () => {
  it('runs', async () => {
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
    const [alice, bob] = [generateSigner(random), generateSigner(random)]
    const [atAlice, atBob] = [new TabsMeetingPoint({ network: 'my-app' }), new TabsMeetingPoint({ network: 'my-app' })]

    const arrived = new Promise<string>((resolve) => {
      atBob.start(bob, (event) => {
        if (event.type === 'letter') resolve(new TextDecoder().decode(event.letter))
      })
    })
    atAlice.start(alice, (event) => {
      if (event.type === 'peers') atAlice.carry(Key.hash(bob.publicKey), new TextEncoder().encode('hello'))
    })

    expect(await arrived).toBe('hello')
    atAlice.close()
    atBob.close()
  })

  it('is the one above', () => {
    const [, example] = /```ts\n(.*?)```/s.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))!
    const steps = trimmed(example!).filter((line) => !line.startsWith('import') && !line.startsWith('console.log'))
    expect(trimmed(readFileSync(new URL(import.meta.url), 'utf8')).join('\n')).toContain(steps.join('\n'))
  })
})
