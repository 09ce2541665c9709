/** How often a fact is looked at. */
const pollMs = 100

/** Looks until what is seen holds, and answers with it. Rejects at the deadline with what was seen last. */
export async function until<T>(what: string, deadlineMs: number, look: () => T | Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const endMs = performance.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > endMs) throw new Error(`Not within ${deadlineMs} ms: ${what}. Last seen: ${show(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

function show(seen: unknown): string {
  return JSON.stringify(seen, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value), 1) ?? String(seen)
}
