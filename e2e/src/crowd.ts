import { expect } from 'vitest'
import type { Listener } from '../page/page.js'
import type { Tab } from './tab.js'
import { until } from './until.js'

/** No connection made for this long: nobody is dialling. */
const quietMs = 3_000
const quietDeadlineMs = 60_000

/** Tabs of one network that are asked together. */
export class Crowd {
  readonly tabs: readonly Tab[]

  constructor(tabs: readonly Tab[]) {
    this.tabs = tabs
  }

  each<T>(ask: (tab: Tab) => Promise<T>): Promise<T[]> {
    return Promise.all(this.tabs.map(ask))
  }

  connectionsMade(): Promise<number[]> {
    return this.each((tab) => tab.connectionsMade())
  }

  /** Waits until every tab has this many siblings. */
  async linked(siblings: number, deadlineMs: number): Promise<void> {
    const look = () =>
      this.each((tab) => tab.call(({ peer }) => ({ phase: peer.status.phase, siblings: peer.status.siblings, links: peer.status.links })))
    await until(`every tab has ${siblings} siblings`, deadlineMs, look, (seen) => seen.every((status) => status.siblings >= siblings))
  }

  /** Waits until no tab makes connections any more. */
  async quiet(): Promise<void> {
    let made: number[] = []
    let sinceMs = performance.now()
    const look = async () => {
      const seen = await this.connectionsMade()
      if (seen.join() !== made.join()) sinceMs = performance.now()
      made = seen
      return { made, quietForMs: performance.now() - sinceMs }
    }
    await until('no tab makes connections any more', quietDeadlineMs, look, ({ quietForMs }) => quietForMs >= quietMs)
  }

  /** Sends from each to every other, by id; holds when all of it is there, from whom it says, once. */
  async reachEachOther(text: string): Promise<void> {
    const ids = this.tabs.map(({ id }) => id)
    const failed = await this.each((tab) => tab.call(sendToAll, { others: ids.filter((id) => id !== tab.id), text }))
    expect(failed.flat()).toEqual([])
    for (const tab of this.tabs) {
      const senders = await tab.call(
        ({ messages }, given) => messages.filter((message) => message.text === given).map(({ from }) => from),
        text,
      )
      expect(senders.toSorted()).toEqual(ids.filter((id) => id !== tab.id).toSorted())
    }
  }

  /** The texts each tab gets for this key. */
  get(key: string): Promise<string[][]> {
    return this.each((tab) => tab.call(async ({ peer }, asked) => (await peer.get(asked)).map(({ text }) => text), key))
  }

  /** The text each tab resolves under this owner's name. */
  resolve(publicKey: string, name: string): Promise<(string | undefined)[]> {
    return this.each((tab) =>
      tab.call(async ({ peer }, asked) => (await peer.resolve(asked.publicKey, asked.name))?.text, { publicKey, name }),
    )
  }

  /** What each tab loads from this address. */
  load(address: string): Promise<(Uint8Array | undefined)[]> {
    return this.each((tab) => tab.call(({ peer }, asked) => peer.load(asked), address))
  }
}

/** Runs in the page. Answers with what failed: from whom, to whom, why. */
async function sendToAll({ peer }: Listener, { others, text }: { others: string[]; text: string }): Promise<string[]> {
  const outcomes = await Promise.allSettled(others.map((id) => peer.send(id, text)))
  return outcomes.flatMap((outcome, i) => (outcome.status === 'rejected' ? [`${peer.id} → ${others[i]}: ${String(outcome.reason)}`] : []))
}
