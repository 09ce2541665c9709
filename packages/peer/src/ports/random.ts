/** `length` fresh bytes that nobody can foretell. */
export type Random = (length: number) => Uint8Array
