import { jsonObject } from './json-object.js'

/**
 * Where a user says they are: the peers (tabs, on all their machines) that speak for them, and until when.
 * It stands in an owned record, which only the user's key can write.
 */
export interface LiveTab {
  /** 40 hex digits. */
  readonly peerId: string
  /** Unix seconds. */
  readonly expires: number
}

/** The owned record's name. */
export const presenceRecord = 'chat/at'
/** How long the table keeps our word that we are here: two refreshes of a hidden tab, whose timers fire once a minute, and some. */
export const presenceS = 180
/** Tabs in one record: 14 of 59 characters each, and 13 more, stay below the 976 bytes that a record has. */
export const liveTabsMax = 14
/** How far apart the clocks of two machines of one user may be. */
const clockSkewS = 600
const charactersMax = 976
/** The format's version, and the only one that is read. */
const version = 1

/** The tabs as they are to be written when this one is there too: those that are still live, renewed last first. */
export function withTab(tabs: readonly LiveTab[], peerId: string, nowMs: number): LiveTab[] {
  const others = tabs.filter((tab) => tab.peerId !== peerId)
  return [{ peerId, expires: Math.floor(nowMs / 1_000) + presenceS }, ...others].slice(0, liveTabsMax)
}

export function writePresence(tabs: readonly LiveTab[]): string {
  return JSON.stringify({ v: version, at: tabs.map(({ peerId, expires }) => [peerId, expires]) })
}

/** The tabs that are live now, the one renewed last first. Empty when the text is something else. */
export function readPresence(text: string, nowMs: number): LiveTab[] {
  const fields = jsonObject(text, charactersMax)
  if (fields?.['v'] !== version || !Array.isArray(fields['at'])) return []
  const nowS = nowMs / 1_000
  return (fields['at'] as unknown[])
    .flatMap(liveTab)
    .filter(({ expires }) => expires > nowS && expires <= nowS + presenceS + clockSkewS)
    .toSorted((a, b) => b.expires - a.expires)
    .slice(0, liveTabsMax)
}

function liveTab(value: unknown): LiveTab[] {
  if (!Array.isArray(value)) return []
  const [peerId, expires] = value as unknown[]
  return typeof peerId === 'string' && /^[0-9a-f]{40}$/.test(peerId) && Number.isSafeInteger(expires)
    ? [{ peerId, expires: expires as number }]
    : []
}
