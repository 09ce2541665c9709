const dayMs = 86_400_000

/** The day a message is from: "Today", "Yesterday", else the date. */
export function dayWords(ms: number, nowMs: number): string {
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(ms)) / dayMs)
  if (daysAgo === 0) return 'Today'
  if (daysAgo === 1) return 'Yesterday'
  const isThisYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear()
  return new Date(ms).toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long', ...(isThisYear ? {} : { year: 'numeric' }) })
}

/** Hours and minutes, as people write them where they live. */
export function clockWords(ms: number): string {
  return new Date(ms).toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' })
}

/** Short, for a list: the time today, else the day. */
export function agoWords(ms: number, nowMs: number): string {
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(ms)) / dayMs)
  if (daysAgo === 0) return clockWords(ms)
  if (daysAgo < 7) return new Date(ms).toLocaleDateString(undefined, { weekday: 'short' })
  return new Date(ms).toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}
