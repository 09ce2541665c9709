import { formed } from './formation.js'
import type { Samples } from './figure.js'
import { inTurn } from './in-turn.js'
import type { Stage } from './stage.js'
import type { Tab } from './tab.js'

/** Dials between tabs without a link. */
const dialsMax = 10
/** Dials that have not begun by then are left out. */
const dialsMs = 60_000
/** Hashtab closes a link that neither end wants after 20 s, and looks them over every 10 s. */
const thinningMs = 45_000
/** Of those who find new relays: longer than a reservation may take. */
const mendingMs = 6_000
const records = 8

type Pair = readonly [from: Tab, to: Tab]

/** Pairs of tabs have no link: what a lookup opens, and what works when the server is killed. */
export async function playSparse(stage: Stage, samples: Samples, faults: string[]): Promise<void> {
  const { crowd } = stage
  const { seated } = await formed(crowd, stage.unlinks, faults)
  if (seated.length < 3) throw new Error('Fewer than three tabs are ready: nothing more to measure.')
  if (!stage.unlinks) await crowd.thinned(thinningMs)
  await crowd.quiet()
  const ids = new Map(await Promise.all(seated.map(async (tab) => [tab, await tab.id()] as const)))
  const pairs = pairsOf(seated)
  const unlink = () => Promise.all(pairs.slice(0, dialsMax).flatMap(([a, b]) => [a.unlink(ids.get(b)!), b.unlink(ids.get(a)!)]))

  await Promise.all(Array.from({ length: records }, (_, i) => seated[i % seated.length]!.put(`sparse ${i}`, 'present')))
  await unlink()
  const madeBefore = await crowd.connectionsMade()
  const askers = [...new Set(pairs.slice(0, dialsMax).map(([tab]) => tab))]
  const asked = await inTurn([...askers, ...askers], (tab, turn) => tab.get(`sparse ${(turn + 1) % records}`, 'present'))
  samples.connectionsPerSparseLookup = [((await crowd.connectionsMade()) - madeBefore) / asked.length]

  await stage.killServer()
  const gets = await Promise.all(seated.map((tab, i) => tab.get(`sparse ${(i + 3) % records}`, 'present')))
  samples.getsWithoutServer = gets.map(asDone)
  const puts = await Promise.all(seated.map((tab, i) => tab.put(`without the server ${i}`, 'present')))
  samples.putsWithoutServer = puts.map(asDone)
  await unlink()
  // A tab whose relay was unlinked may find another, and say so.
  if (stage.unlinks) await new Promise((resolve) => setTimeout(resolve, mendingMs))
  await dial(pairs, ids, samples)
}

/** Dials between pairs until ten of them had no link before. */
async function dial(pairs: readonly Pair[], ids: ReadonlyMap<Tab, string>, samples: Samples): Promise<void> {
  samples.dialsWithoutServer = []
  samples.dialMs = []
  const endMs = performance.now() + dialsMs
  for (const [from, to] of pairs) {
    if (samples.dialsWithoutServer.length === dialsMax || performance.now() > endMs) return
    const startMs = performance.now()
    const outcome = await from.dial(ids.get(to)!)
    if (outcome === 'linked') continue
    samples.dialsWithoutServer.push(outcome === 'direct' ? 1 : 0)
    samples.dialMs.push(outcome === 'direct' ? performance.now() - startMs : Number.POSITIVE_INFINITY)
  }
}

/** Every pair once, those far apart in the order of opening first, so that the first ten spread over all tabs. */
function pairsOf(tabs: readonly Tab[]): Pair[] {
  const pairs: Pair[] = []
  for (let apart = Math.floor(tabs.length / 2); apart > 0; apart--) {
    for (const [i, tab] of tabs.entries()) {
      const other = tabs[(i + apart) % tabs.length]!
      if (!pairs.some(([a, b]) => (a === tab && b === other) || (a === other && b === tab))) pairs.push([tab, other])
    }
  }
  return pairs
}

function asDone(latency: number): number {
  return Number.isFinite(latency) ? 1 : 0
}
