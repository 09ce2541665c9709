/** Text of another peer as a JSON object, its fields not looked at yet. `undefined`: it is none, or longer than `charactersMax`. */
export function jsonObject(text: string, charactersMax: number): Readonly<Record<string, unknown>> | undefined {
  if (text.length > charactersMax) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
