import type { Contestant } from './contestants/contestant.js'
import { playDense } from './dense-part.js'
import { addSamples, type Samples } from './figure.js'
import { playSparse } from './sparse-part.js'
import { type BrowserChoice, Stage } from './stage.js'
import { within } from './within.js'

/** A part that takes longer than this is given up: what it measured so far counts. */
const partMs = 240_000

/** What one round of one contestant showed. */
export interface Round {
  readonly samples: Samples
  /** What went wrong, in words: a part that was given up, a tab that never sat down. */
  readonly faults: string[]
}

/** Plays one round: a part in which every tab may link to every other, and a part in which pairs of tabs have no link. */
export async function playRound(contestant: Contestant, page: string, tabs: number, browser: BrowserChoice): Promise<Round> {
  const round: Round = { samples: {}, faults: [] }
  for (const [name, play] of [
    ['dense', playDense],
    ['sparse', playSparse],
  ] as const) {
    const samples: Samples = {}
    try {
      const stage = await Stage.set(contestant, page, tabs, name === 'sparse', browser)
      try {
        await within(partMs, play(stage, samples, round.faults))
      } finally {
        await stage.strike()
      }
    } catch (fault) {
      round.faults.push(`${name} part: ${fault instanceof Error ? fault.message : String(fault)}`)
    }
    addSamples(round.samples, samples)
  }
  return round
}
