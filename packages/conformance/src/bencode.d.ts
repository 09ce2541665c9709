declare module 'bencode' {
  /** What it makes of a dictionary: keys as UTF-8 text. */
  type Value = number | Uint8Array | readonly Value[] | { readonly [key: string]: Value }

  const bencode: { encode(value: unknown): Uint8Array; decode(bytes: Uint8Array): Value | null }
  export default bencode
}
