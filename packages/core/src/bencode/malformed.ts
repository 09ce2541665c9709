/** What a decoder answers when the bytes are not what they should be. `malformed` says why, for people who look into it. */
export interface Malformed {
  readonly malformed: string
}

/** Makes the answer of a decoder that met something else than it should have. */
export function malformed(why: string): Malformed {
  return { malformed: why }
}

/** Whether a decoder's answer is `Malformed`. No decoded value has a property of that name. */
export function isMalformed(x: unknown): x is Malformed {
  return typeof x === 'object' && x !== null && 'malformed' in x
}
