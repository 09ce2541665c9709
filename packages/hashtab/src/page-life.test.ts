import { ManualClock, MemoryNetwork, MemorySquare } from '@hashtab/conformance'
import { generateSigner, MemoryStorage, Peer, type PeerRole, systemRandom } from '@hashtab/peer'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { followPage, hiddenMs, type Page } from './page-life.js'

/** As many as must serve, so that one more may be a leaf. */
const others = 8

/** A browser's page that does as it is told. */
class Stand {
  readonly document: Page['document'] & { visibilityState: DocumentVisibilityState } = Object.assign(new EventTarget(), {
    visibilityState: 'visible' as const,
  })
  readonly window = new EventTarget()
  readonly savesData: boolean

  constructor(savesData = false) {
    this.savesData = savesData
  }

  show(visibilityState: DocumentVisibilityState): void {
    this.document.visibilityState = visibilityState
    this.document.dispatchEvent(new Event('visibilitychange'))
  }
}

let peers: Peer[] = []
const followed: AbortController[] = []
const clock = new ManualClock()

beforeEach(async () => {
  const network = new MemoryNetwork()
  const square = new MemorySquare()
  const start = () =>
    Peer.start({
      signer: generateSigner(systemRandom),
      transport: network.transport(),
      storage: new MemoryStorage(),
      meetingPoints: [square.meetingPoint()],
    })
  peers = await Promise.all(Array.from({ length: others + 1 }, start))
  await Promise.all(peers.map((peer) => untilStatus(peer, ({ links }) => links === others)))
})
afterEach(async () => {
  for (const controller of followed.splice(0)) controller.abort()
  await Promise.all(peers.map((peer) => peer.leave()))
})

function follow(peer: Peer, role: Parameters<typeof followPage>[1], page: Page): void {
  const controller = new AbortController()
  followed.push(controller)
  followPage(peer, role, controller.signal, page, clock)
}

function untilStatus(peer: Peer, holds: (status: Peer['status']) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = peer.on('status', (status) => look(status))
    const look = (status: Peer['status']) => {
      if (!holds(status)) return
      stop()
      resolve()
    }
    look(peer.status)
  })
}

const untilRole = (peer: Peer, wanted: PeerRole) => untilStatus(peer, ({ role }) => role === wanted)

test('a tab that is hidden for a while is a leaf; shown again it is full at once', async () => {
  const [peer] = peers
  const page = new Stand()
  follow(peer!, 'auto', page)
  page.show('hidden')
  clock.advance(hiddenMs)
  await untilRole(peer!, 'leaf')
  page.show('visible')
  expect(peer!.status.role).toBe('full')
})

test('a tab that is hidden for a moment is none, nor one whose role is full', async () => {
  const [glancing, steadfast, leaf] = peers
  const pages = [new Stand(), new Stand(), new Stand()] as const
  follow(glancing!, 'auto', pages[0])
  follow(steadfast!, 'full', pages[1])
  follow(leaf!, 'auto', pages[2])
  for (const page of pages) page.show('hidden')
  clock.advance(hiddenMs - 1)
  pages[0].show('visible')
  clock.advance(hiddenMs)
  await untilRole(leaf!, 'leaf')
  expect([glancing, steadfast].map((peer) => peer!.status.role)).toEqual(['full', 'full'])
  expect(clock.waiting).toBe(0)
})

test.each([
  ['leaf', false],
  ['auto', true],
] as const)('with the role %s, saving data: %s, a shown tab is a leaf too', async (role, savesData) => {
  const [peer] = peers
  follow(peer!, role, new Stand(savesData))
  await untilRole(peer!, 'leaf')
  expect(peer!.status.role).toBe('leaf')
})

test('a tab whose timers froze before it was a leaf looks after its links when it is back, and not after a moment', () => {
  const [peer] = peers
  const controller = new AbortController()
  followed.push(controller)
  const page = new Stand()
  let resumed = 0
  const watched = {
    become: (role: PeerRole) => peer!.become(role),
    resume: () => {
      resumed += 1
      peer!.resume()
    },
  }
  followPage(watched, 'auto', controller.signal, page, { nowMs: () => clock.nowMs(), wake: () => () => {} })
  for (const [forMs, times] of [
    [hiddenMs - 1, 0],
    [hiddenMs, 1],
    [hiddenMs - 1, 1],
  ] as const) {
    page.show('hidden')
    clock.advance(forMs)
    page.show('visible')
    expect(resumed).toBe(times)
  }
  expect(peer!.status.role).toBe('full')
})
