import { Key } from '@hashtab/core'
import { ManualClock } from '@hashtab/conformance'
import { expect, test } from 'vitest'
import { Joining, quietMs } from './joining.js'
import { MeetingPlace } from './meeting-place.js'
import type { MeetingPoint } from './ports/meeting-point.js'
import { systemRandom } from './system-random.js'

const self = Key.fromBytes(new Uint8Array(20))
const trying: MeetingPoint = { name: 'a server that does not answer', start() {}, carry() {}, wake() {}, close() {} }

test('a meeting point that neither answers nor fails: the peer is alone well before ten seconds are over', () => {
  const clock = new ManualClock()
  let changes = 0
  const joining = new Joining(clock, () => changes++)
  joining.look(0, new MeetingPlace([trying], self, clock, systemRandom))
  clock.advance(quietMs)
  expect(joining.phase).toBe('joining')
  clock.advance(9_500 - quietMs)
  expect(joining.phase).toBe('alone')
  expect(changes).toBe(1)
})
