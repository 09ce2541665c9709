import { type Figure, figureNames, figures, type FigureName, type Samples } from './figure.js'
import { shareOf, summarise } from './statistics.js'
import { printTable } from './table.js'

/** Everything one contestant showed, over all rounds. */
export interface Showing {
  readonly name: string
  readonly samples: Samples
}

/** One row per figure: the contestants' medians and ranges, the first's part of the last's, and whether that is what is asked of the first. */
export function printComparison(showings: readonly Showing[]): string {
  const [ours, rival] = [showings[0], showings.at(-1)]
  const head = ['', ...showings.map(({ name }) => name), 'ratio', 'wanted', '']
  const rows = figureNames.map((name) => {
    const figure: Figure = figures[name]
    const ratio = ratioOf(name, ours, rival)
    return [
      figure.label,
      ...showings.map(({ samples }) => printSamples(figure, samples[name])),
      ratio === undefined ? '' : printRatio(ratio),
      printWanted(figure),
      verdict(figure, ours?.samples[name], ratio),
    ]
  })
  return printTable(head, rows)
}

/** The median and the range; for shares, how many of how many. */
export function printSamples({ unit }: Figure, samples: readonly number[] | undefined): string {
  const summary = samples && summarise(samples)
  if (!samples || !summary) return '–'
  if (unit === 'share') {
    const { done, of } = shareOf(samples)
    return `${done} of ${of}`
  }
  const print = (value: number) => printValue(value, unit)
  if (summary.count === 1 || summary.min === summary.max) return print(summary.median)
  return `${print(summary.median)} (${print(summary.min)}–${print(summary.max)})`
}

function printValue(value: number, unit: Figure['unit']): string {
  if (!Number.isFinite(value)) return 'never'
  switch (unit) {
    case 'ms':
      return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`
    case 'bytes':
      return value < 1e6 ? `${(value / 1e3).toFixed(1)} KB` : `${(value / 1e6).toFixed(1)} MB`
    case 'count':
    case 'share':
      return value === 0 ? '0' : value.toFixed(2)
  }
}

/** Our median as a part of the rival's. Undefined where one of them has none, and for shares. */
function ratioOf(name: FigureName, ours: Showing | undefined, rival: Showing | undefined): number | undefined {
  if (figures[name].unit === 'share' || ours === rival) return undefined
  const [mine, theirs] = [ours, rival].map((showing) => summarise(showing?.samples[name] ?? [])?.median)
  if (mine === undefined || theirs === undefined || !Number.isFinite(mine) || theirs === 0) return undefined
  return mine / theirs
}

function printRatio(ratio: number): string {
  return ratio === 0 ? '0' : ratio < 1 ? `1/${(1 / ratio).toFixed(1)}` : `× ${ratio.toFixed(1)}`
}

function printWanted({ ratioMax, most, shareMin, unit }: Figure): string {
  if (ratioMax !== undefined) return `≤ 1/${1 / ratioMax}`
  if (most !== undefined) return `≤ ${printValue(most, unit)}`
  return shareMin === 1 ? 'all' : ''
}

function verdict({ ratioMax, most, shareMin, unit }: Figure, samples: readonly number[] | undefined, ratio: number | undefined): string {
  const summary = samples && summarise(samples)
  if (!summary) return ''
  if (unit !== 'share' && !Number.isFinite(summary.median)) return 'missed'
  if (ratioMax !== undefined) return ratio === undefined ? '' : ratio <= ratioMax ? 'ok' : 'missed'
  if (most !== undefined) return summary.median <= most ? 'ok' : 'missed'
  if (shareMin !== undefined) return shareOf(samples).done >= shareMin * samples.length ? 'ok' : 'missed'
  return ''
}
