import type { PeerStatus } from 'hashtab'
import { expect, test } from 'vitest'
import { connectionWords } from './connection-words.js'

const status: PeerStatus = {
  phase: 'online',
  role: 'full',
  links: 12,
  siblings: 8,
  estimatedPeers: 41,
  recordsKept: 0,
  pendingWrites: 0,
  watches: 0,
  watchesLive: 0,
  safeToClose: true,
  storage: 'kept',
  meetingPoints: [{ name: 'wss://signal.example.org', state: 'open' }],
  connectionsMade: 12,
  messagesDropped: 0,
}
const host = 'chat.example.org'
const silent = [{ name: 'wss://signal.example.org', state: 'unreachable' as const }]

test('links and the others who are online are counted', () => {
  expect(connectionWords(status, host)).toEqual({ tone: 'good', line: '12 links, about 40 peers online', advice: undefined })
  expect(connectionWords({ ...status, links: 1, estimatedPeers: 2 }, host).line).toBe('1 link, 1 other peer online')
})

test('an estimate never says fewer than those we are linked to', () => {
  expect(connectionWords({ ...status, links: 5, estimatedPeers: 3 }, host).line).toBe('5 links, 5 other peers online')
})

test('a server that is gone is no trouble for those who are linked, and the words say so', () => {
  const words = connectionWords({ ...status, meetingPoints: silent }, host)
  expect(words.tone).toBe('good')
  expect(words.advice).toContain('wss://signal.example.org does not answer')
})

test('alone: what to do, and who does not answer', () => {
  expect(connectionWords({ ...status, phase: 'alone', links: 0, estimatedPeers: 1 }, host)).toMatchObject({
    tone: 'waiting',
    line: 'No other peer in reach',
  })
  const words = connectionWords({ ...status, phase: 'alone', links: 0, estimatedPeers: 1, meetingPoints: silent }, host)
  expect(words.tone).toBe('trouble')
  expect(words.advice).toContain('still trying')
})

test('alone: two windows of one browser are one user, and no other device opens a page of localhost', () => {
  const alone: PeerStatus = { ...status, phase: 'alone', links: 0, estimatedPeers: 1 }
  expect(connectionWords(alone, host).advice).toContain('one normal and one private window, or two browsers, or on another device')
  const advice = connectionWords(alone, 'localhost').advice
  expect(advice).toContain('one normal and one private window, or two browsers')
  expect(advice).not.toContain('device')
})

test('before, and after', () => {
  expect(connectionWords(undefined, host).tone).toBe('waiting')
  expect(connectionWords({ ...status, phase: 'joining' }, host).tone).toBe('waiting')
  expect(connectionWords({ ...status, phase: 'left' }, host).tone).toBe('trouble')
})
