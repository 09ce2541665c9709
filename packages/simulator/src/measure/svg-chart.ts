/** A line through measured points, and the line it is to stay below. */
export interface Series {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** The most that is allowed, at the same places. */
  readonly limits: readonly (readonly [x: number, y: number])[]
}

/** A bar: how much is used of what is allowed, 1 being all of it. */
export interface Bar {
  readonly label: string
  readonly share: number
  readonly told: string
}

const width = 720
const ink = { left: 64, right: 24, top: 58, bottom: 46 }
/** Room to the right of the last point, for the names of the lines. */
const namesWidth = 160
const barsTop = 40
/** Beyond this a bar is cut off. */
const shareMax = 1.5

/** Values over the number of peers, that being on a logarithmic axis. */
export function lineChart(title: string, unit: string, series: readonly Series[]): string {
  const height = 360
  const all = series.flatMap(({ points, limits }) => [...points, ...limits])
  const [leastX, mostX] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))]
  const mostY = roundedUp(Math.max(...all.map(([, y]) => y)))
  const atX = (x: number) =>
    ink.left + (Math.log10(x / leastX) / Math.max(1e-9, Math.log10(mostX / leastX))) * (width - ink.left - ink.right - namesWidth)
  const atY = (y: number) => height - ink.bottom - (y / mostY) * (height - ink.top - ink.bottom)
  const path = (points: Series['points']) => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(atX(x))} ${round(atY(y))}`).join('')
  const grid = Array.from({ length: 5 }, (_, i) => (mostY * i) / 4).map(
    (y) => `<path class="grid" d="M${ink.left} ${round(atY(y))}H${width - ink.right}"/>${text(ink.left - 8, atY(y) + 4, trim(y), 'end')}`,
  )
  const places = [...new Set(all.map(([x]) => x))].map((x) => text(atX(x), height - 22, x.toLocaleString('en'), 'middle'))
  const lines = series.map(({ label, points, limits }, i) => {
    const [lastX, lastY] = points.at(-1) ?? [leastX, 0]
    const dots = points.map(
      ([x, y]) =>
        `<circle class="fill${i}" cx="${round(atX(x))}" cy="${round(atY(y))}" r="4"><title>${escape(`${label}, ${x.toLocaleString('en')} peers: ${trim(y)} ${unit}`)}</title></circle>`,
    )
    return `<path class="limit line${i}" d="${path(limits)}"/><path class="line${i}" d="${path(points)}"/>${dots.join('')}${text(atX(lastX) + 10, atY(lastY) + 4, label, 'start')}`
  })
  return svg(title, height, [
    ...grid,
    ...places,
    text(width - ink.right, height - 6, 'peers; dashed: the most allowed', 'end'),
    text(8, 24, title, 'start', 'title'),
    text(8, 42, unit, 'start'),
    ...lines,
  ])
}

/** How much of each bound is used: what reaches beyond the line misses it. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const rowHeight = 30
  const height = barsTop + rowHeight * bars.length + 24
  const [left, right] = [270, width - 130]
  const at = (share: number) => left + (Math.min(share, shareMax) / shareMax) * (right - left)
  const rows = bars.map(({ label, share, told }, i) => {
    const y = barsTop + i * rowHeight
    const kind = share > 1 ? 'missed' : 'held'
    return `${text(left - 10, y + 19, label, 'end')}<rect class="${kind}" x="${left}" y="${y + 6}" width="${round(Math.max(2, at(share) - left))}" height="18" rx="3"/>${text(at(share) + 8, y + 19, told, 'start')}`
  })
  const line = `<path class="bound" d="M${round(at(1))} ${barsTop}V${height - 20}"/>${text(at(1), height - 6, 'all that is allowed', 'middle')}`
  return svg(title, height, [text(8, 24, title, 'start', 'title'), ...rows, line])
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${escape(title)}</title><style>${style}</style><rect class="paper" width="${width}" height="${height}" rx="6"/>${parts.join('\n')}</svg>\n`
}

const style = `
:root{color-scheme:light dark}text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}.paper{fill:#ffffff}.grid{stroke:#d0d7de}
.line0,.line1,.line2{fill:none;stroke-width:2.5}.line0{stroke:#0969da}.line1{stroke:#bc4c00}.line2{stroke:#1a7f37}.fill0{fill:#0969da}.fill1{fill:#bc4c00}.fill2{fill:#1a7f37}
.limit{stroke-dasharray:5 5;stroke-width:1.5}.held{fill:#2da44e}.missed{fill:#cf222e}.bound{stroke:#24292f;stroke-dasharray:4 4}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{stroke:#30363d}.bound{stroke:#e6edf3}
.line0{stroke:#58a6ff}.line1{stroke:#f0883e}.line2{stroke:#3fb950}.fill0{fill:#58a6ff}.fill1{fill:#f0883e}.fill2{fill:#3fb950}.held{fill:#3fb950}.missed{fill:#f85149}}`

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', kind?: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind ? ` class="${kind}"` : ''}>${escape(words)}</text>`
}

function roundedUp(value: number): number {
  const step = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)))
  return step * ([1, 2, 4, 6, 8, 10].find((factor) => factor * step >= value) ?? 10)
}

function trim(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
