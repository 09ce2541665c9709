/** What is measured, in the order of the table. */
export const figures = {
  readyMs: { label: 'page load to first answer', unit: 'ms', ratioMax: 1 / 4 },
  readyTabs: { label: 'tabs ready in 40 s', unit: 'share', shareMin: 1 },
  fullMs: { label: 'page load to full table', unit: 'ms' },
  putColdMs: { label: 'first put of a tab', unit: 'ms', ratioMax: 1 / 4 },
  putWarmMs: { label: 'later puts', unit: 'ms', ratioMax: 1 / 4 },
  getColdMs: { label: 'first get of a tab', unit: 'ms', ratioMax: 1 / 8 },
  getWarmMs: { label: 'later gets', unit: 'ms' },
  connectionsPerLookup: { label: 'connections made per get', unit: 'count', most: 0 },
  connectionsPerSparseLookup: { label: '… with unlinked pairs', unit: 'count', most: 0 },
  serverBytes: { label: 'through the server after bootstrap', unit: 'bytes' },
  heapBytes: { label: 'JavaScript heap of a tab', unit: 'bytes', ratioMax: 1 / 2 },
  bundleBytes: { label: 'page, gzip', unit: 'bytes', ratioMax: 1 / 4 },
  getsWithoutServer: { label: 'server killed: gets answered', unit: 'share', shareMin: 1 },
  putsWithoutServer: { label: 'server killed: puts done', unit: 'share', shareMin: 1 },
  dialsWithoutServer: { label: 'server killed: dials, unlinked tabs', unit: 'share', shareMin: 1 },
  dialMs: { label: '… each took', unit: 'ms' },
  getAfterLossMs: { label: 'a third closed: first get', unit: 'ms', most: 500 },
} as const satisfies Record<string, Figure>

/** One row of the table, and what is asked of Hashtab in it. */
export interface Figure {
  readonly label: string
  /** `share`: each sample is 1 (done) or 0 (not). */
  readonly unit: 'ms' | 'bytes' | 'count' | 'share'
  /** At most this part of the rival's median. */
  readonly ratioMax?: number
  /** The median is at most this. */
  readonly most?: number
  /** At least this part of all samples is 1. */
  readonly shareMin?: number
}

export type FigureName = keyof typeof figures

export const figureNames = Object.keys(figures) as FigureName[]

/** Samples by figure. Infinity: it failed, or did not come within its time. */
export type Samples = { [Name in FigureName]?: number[] }

/** Adds samples to those that are there. */
export function addSamples(to: Samples, from: Samples): void {
  for (const name of figureNames) {
    const more = from[name]
    if (more) to[name] = [...(to[name] ?? []), ...more]
  }
}
