import type { PeerStatus } from 'hashtab'

/** How the connection is, for people: one line, and what can be done about it. */
export interface ConnectionWords {
  readonly tone: 'good' | 'waiting' | 'trouble'
  readonly line: string
  readonly advice: string | undefined
}

const aloneAdvice =
  'Nobody else is here yet. Open this page in another window or on another device. Messages you write wait here until then.'

/** Says honestly where this tab stands. `undefined`: it has not begun to join yet. */
export function connectionWords(status: PeerStatus | undefined): ConnectionWords {
  if (!status) return { tone: 'waiting', line: 'Starting…', advice: undefined }
  switch (status.phase) {
    case 'joining':
      return { tone: 'waiting', line: 'Looking for other peers…', advice: meetingAdvice(status) }
    case 'alone': {
      const trouble = meetingAdvice(status)
      return { tone: trouble === undefined ? 'waiting' : 'trouble', line: 'No other peer in reach', advice: trouble ?? aloneAdvice }
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
