const dayMs = 86_400_000

// One of each for the whole page: to make one takes as long as to use it a hundred times.
const clockForm = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const weekdayForm = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const shortDateForm = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dateForm = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const dateWithYearForm = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })

/** The day a message is from: "Today", "Yesterday", else the date. */
export function dayWords(ms: number, nowMs: number): string {
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(ms)) / dayMs)
  if (daysAgo === 0) return 'Today'
  if (daysAgo === 1) return 'Yesterday'
  const isThisYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear()
  return (isThisYear ? dateForm : dateWithYearForm).format(ms)
}

/** Hours and minutes, as people write them where they live. */
export function clockWords(ms: number): string {
  return clockForm.format(ms)
}

/** Short, for a list: the time today, else the day. */
export function agoWords(ms: number, nowMs: number): string {
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(ms)) / dayMs)
  if (daysAgo === 0) return clockWords(ms)
  return (daysAgo < 7 ? weekdayForm : shortDateForm).format(ms)
}

/** The midnight before (unix ms), by the clock on the wall. */
export function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}
