import { parseArgs } from 'node:util'

/** What was asked for: one of the benches, some help, or what cannot be. */
export type Command =
  | { readonly type: 'tabs'; readonly tabs: readonly number[]; readonly rounds: number; readonly json: string | undefined }
  | { readonly type: 'guest'; readonly tabs: number; readonly json: string | undefined }
  | { readonly type: 'nodes'; readonly nodes: number; readonly rounds: number; readonly json: string | undefined }
  | { readonly type: 'help' }
  | { readonly type: 'refuse'; readonly why: string }

export const help = `npm run bench: Hashtab beside js-libp2p, in real tabs on this machine, in turns.

npm run bench                       8 tabs, then 16; three rounds each
npm run bench -- --tabs 8           8 tabs only; may be repeated
npm run bench -- --rounds 1         fewer rounds
npm run bench -- --json FILE        every sample, as JSON
npm run bench -- --nodes            in Node instead: beside bittorrent-dht and hyperdht
npm run bench -- --guest            Hashtab alone: what a tab among 24 takes
npm run bench -- --help             this text`

const comparedTabs = [8, 16]
/** Tabs are whole browsers' renderers: more than these say more of the machine than of the contestants. */
const tabsMin = 4
const tabsMax = 64
const roundsMax = 100
/** About as many real tabs as a small machine can have. */
const guestTabs = 24
/** As many as the replicas of a record, so that each contestant has to talk to all. */
const nodeCount = 8

/** Reads the arguments after the program's name. Pure. */
export function readCommandLine(parameters: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...parameters],
      options: {
        tabs: { type: 'string', multiple: true },
        guest: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '3' },
        json: { type: 'string' },
        nodes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { type: 'help' }
    const rounds = integer('--rounds', values.rounds, 1, roundsMax)
    if (values.nodes) return { type: 'nodes', nodes: nodeCount, rounds, json: values.json }
    const tabs = values.tabs?.map((text) => integer('--tabs', text, tabsMin, tabsMax))
    if (values.guest) return { type: 'guest', tabs: tabs?.[0] ?? guestTabs, json: values.json }
    return { type: 'tabs', tabs: tabs ?? comparedTabs, rounds, json: values.json }
  } catch (fault) {
    return { type: 'refuse', why: `${fault instanceof Error ? fault.message : String(fault)}\nTry npm run bench -- --help.` }
  }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max)) throw new RangeError(`${name} takes a number from ${min} to ${max}, not "${text}".`)
  return value
}
