/** What a run came to: numbers by name. */
export type Figures = Readonly<{ [name: string]: number }>

/** Figures under names that begin with this. */
export function prefixed(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [prefix + name.charAt(0).toUpperCase() + name.slice(1), value]))
}

/** Told of how far a long run has come. */
export type Progress = (stage: string, virtualMs: number, peers: number) => void
