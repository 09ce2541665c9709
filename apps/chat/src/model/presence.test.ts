import { expect, test } from 'vitest'
import { type LiveTab, liveTabsMax, presenceS, readPresence, withTab, writePresence } from './presence.js'

const nowMs = 1_800_000_000_000
const peer = (digit: number) => digit.toString(16).padStart(40, '0')

test('a tab is added beside those that are live; those that are not are gone', () => {
  const first = readPresence(writePresence(withTab([], peer(1), nowMs)), nowMs)
  const both = readPresence(writePresence(withTab(first, peer(2), nowMs + 60_000)), nowMs + 60_000)
  expect(both.map(({ peerId }) => peerId)).toEqual([peer(2), peer(1)])
  const renewed = withTab(both, peer(1), nowMs + 120_000)
  expect(renewed.map(({ peerId }) => peerId)).toEqual([peer(1), peer(2)])
  expect(readPresence(writePresence(renewed), nowMs + 60_000 + presenceS * 1_000).map(({ peerId }) => peerId)).toEqual([peer(1)])
})

test('so many tabs are named and no more, and their record is as long as records may be', () => {
  const tabs = Array.from({ length: liveTabsMax + 3 }, (_, i) => i).reduce<LiveTab[]>((live, i) => withTab(live, peer(i), nowMs), [])
  expect(tabs).toHaveLength(liveTabsMax)
  expect(tabs[0]!.peerId).toBe(peer(liveTabsMax + 2))
  expect(writePresence(tabs).length).toBeLessThanOrEqual(976)
  expect(readPresence(writePresence(tabs), nowMs)).toEqual(tabs)
})

test.each([
  ['nothing', ''],
  ['a list', '[]'],
  ['another version', '{"v":2,"at":[]}'],
  ['no list of tabs', '{"v":1,"at":{}}'],
  ['a tab that is no pair', '{"v":1,"at":[null,1,"a"]}'],
  ['a peer that is none', `{"v":1,"at":[["x",${nowMs / 1_000 + 1}]]}`],
  ['a tab that is there for ever', `{"v":1,"at":[["${peer(1)}",9e9]]}`],
  ['a tab that was there', `{"v":1,"at":[["${peer(1)}",${nowMs / 1_000}]]}`],
])('%s names no live tab', (_, text) => expect(readPresence(text, nowMs)).toEqual([]))
