import type { PeerStatus } from 'hashtab'
import { isLoopback } from './page-host.js'

/** How the connection is, for people: one line, and what can be done about it. */
export interface ConnectionWords {
  readonly tone: 'good' | 'waiting' | 'trouble'
  readonly line: string
  readonly advice: string | undefined
}

/** Says honestly where this tab stands. `status` is `undefined` before it has begun to join. `hostname`: of this page. */
export function connectionWords(status: PeerStatus | undefined, hostname: string): ConnectionWords {
  if (!status) return { tone: 'waiting', line: 'Starting…', advice: undefined }
  switch (status.phase) {
    case 'joining':
      return { tone: 'waiting', line: 'Looking for other peers…', advice: meetingAdvice(status) }
    case 'alone': {
      const trouble = meetingAdvice(status)
      return {
        tone: trouble === undefined ? 'waiting' : 'trouble',
        line: 'No other peer in reach',
        advice: trouble ?? aloneAdvice(hostname),
      }
    }
    case 'online':
      return { tone: 'good', line: `${count(status.links, 'link')}, ${company(status)} online`, advice: meetingAdvice(status) }
    case 'left':
      return { tone: 'trouble', line: 'Not connected', advice: 'This tab has left the network. Reload the page to come back.' }
  }
}

/** A peer counts itself; people ask who else is there. Exact where each is linked to each, an estimate beyond. */
function company({ estimatedPeers, links }: PeerStatus): string {
  const others = Math.round(estimatedPeers) - 1
  return others <= links ? count(links, 'other peer') : `about ${count(others, 'peer')}`
}

/** Two windows of one browser are one user, who would wait for a second one in vain. */
function aloneAdvice(hostname: string): string {
  const places = `one normal and one private window, or two browsers${isLoopback(hostname) ? '' : ', or on another device'}`
  return `Nobody else is here yet. To try it alone, open this page in ${places}. Messages you write wait here until then.`
}

function meetingAdvice({ meetingPoints, phase }: PeerStatus): string | undefined {
  const silent = meetingPoints.filter(({ state }) => state === 'unreachable')
  if (silent.length === 0) return undefined
  const names = silent.map(({ name }) => name).join(', ')
  if (phase === 'online') return `${names} does not answer. You go on without it; newcomers have to wait for it.`
  return `${names} does not answer; still trying. Check that it runs and that this machine is on the network. Tabs of this browser find each other without it.`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
