import type { BencodeValue } from './bencode.js'
import type { Field } from './field.js'
import { isMalformed, malformed, type Malformed } from './malformed.js'

/**
 * What a dictionary must look like, property by property, each with its key on the wire. One description reads and writes:
 *
 * ```ts
 * const sighting = dictionary({
 *   who: required('k', publicKeyField),
 *   hops: required('h', integer(0, hopsMax)),
 *   route: required('r', list(keyField, hopsMax)),
 *   note: optional('n', text(64)),
 * })
 * type Sighting = FieldValue<typeof sighting>     // { readonly who: PublicKey; …; readonly note?: string }
 *
 * const bytes = encode(sighting.write({ who, hops: 3, route: [] }))
 * const value = sighting.read(decode(bytes))      // Sighting | Malformed
 * ```
 *
 * Reading is strict: a missing, unknown or out-of-bounds entry makes the whole `Malformed`. Writing trusts us, and throws nothing.
 * Unions told apart by one property are `tagged`. A codec of one's own is a `Field`: `{ read, write }`.
 */
export type Shape = { readonly [property: string]: Slot<unknown, boolean> }

/** One property's place in a dictionary. */
export interface Slot<T, Optional extends boolean> {
  readonly wireKey: string
  readonly field: Field<T>
  readonly optional: Optional
}

/** What a shape's dictionary is read to. */
export type ShapeValue<S extends Shape> = Plain<
  { readonly [P in keyof S as S[P]['optional'] extends true ? never : P]: SlotValue<S[P]> } & {
    readonly [P in keyof S as S[P]['optional'] extends true ? P : never]?: SlotValue<S[P]>
  }
>
type SlotValue<E> = E extends Slot<infer T, boolean> ? T : never
type Plain<T> = { [P in keyof T]: T[P] }

/** A property that is always there. */
export function required<T>(wireKey: string, field: Field<T>): Slot<T, false> {
  return { wireKey, field, optional: false }
}

/** A property that may be missing: left out when read, and when undefined not written. */
export function optional<T>(wireKey: string, field: Field<T>): Slot<T, true> {
  return { wireKey, field, optional: true }
}

/** A dictionary of exactly this shape. */
export function dictionary<const S extends Shape>(shape: S): Field<ShapeValue<S>> {
  const slots = slotsOf(shape)
  return {
    read: (value) => readSlots(value, slots, {}, 0) as ShapeValue<S> | Malformed,
    write: (value) => writeSlots(value, slots, new Map()),
  }
}

/**
 * A union of shapes. The property `tag` says which, and travels under `wireKey`:
 * `tagged('type', 't', { ping: {}, find: { target: required('k', keyField) } })` reads to `{type: 'ping'} | {type: 'find', target: Key}`.
 */
export function tagged<const Tag extends string, const S extends { readonly [name: string]: Shape }>(
  tag: Tag,
  wireKey: string,
  shapes: S,
): Field<{ [N in keyof S & string]: Plain<{ readonly [P in Tag]: N } & ShapeValue<S[N]>> }[keyof S & string]> {
  type Value = { [N in keyof S & string]: Plain<{ readonly [P in Tag]: N } & ShapeValue<S[N]>> }[keyof S & string]
  const slotsByName = new Map(Object.entries(shapes).map(([name, shape]) => [name, slotsOf(shape, wireKey)]))
  return {
    read(value) {
      const name = value instanceof Map ? latin1(value.get(wireKey)) : undefined
      const slots = name === undefined ? undefined : slotsByName.get(name)
      if (slots === undefined) return malformed(`no known ${tag}`)
      return readSlots(value, slots, { [tag]: name }, 1) as Value | Malformed
    },
    write(value) {
      const name = (value as Properties)[tag] as string
      const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0))
      return writeSlots(value, slotsByName.get(name)!, new Map([[wireKey, bytes]]))
    },
  }
}

type Properties = { [property: string]: unknown }
type NamedSlot = readonly [property: string, slot: Slot<unknown, boolean>]

function slotsOf(shape: Shape, takenKey?: string): readonly NamedSlot[] {
  const slots = Object.entries(shape)
  const wireKeys = slots.map(([, slot]) => slot.wireKey).concat(takenKey ?? [])
  if (new Set(wireKeys).size !== wireKeys.length) throw new TypeError(`One wire key for two properties: ${wireKeys.join(' ')}`)
  return slots
}

/** Reads into `into`; `entries` of the dictionary are accounted for already. */
function readSlots(
  value: BencodeValue | Malformed,
  slots: readonly NamedSlot[],
  into: Properties,
  entries: number,
): Properties | Malformed {
  if (!(value instanceof Map)) return isMalformed(value) ? value : malformed('no dictionary')
  for (const [property, { wireKey, field, optional }] of slots) {
    const entry = value.get(wireKey) as BencodeValue | undefined
    if (entry === undefined) {
      if (optional) continue
      return malformed(`${property}: missing`)
    }
    const read = field.read(entry)
    if (isMalformed(read)) return malformed(`${property}: ${read.malformed}`)
    into[property] = read
    entries++
  }
  if (value.size !== entries) return malformed('unknown entries')
  return into
}

function writeSlots(value: Properties, slots: readonly NamedSlot[], into: Map<string, BencodeValue>): BencodeValue {
  for (const [property, { wireKey, field }] of slots) {
    const entry = value[property]
    if (entry !== undefined) into.set(wireKey, field.write(entry))
  }
  return into
}

function latin1(value: BencodeValue | undefined): string | undefined {
  return value instanceof Uint8Array && value.length <= tagBytesMax ? String.fromCharCode(...value) : undefined
}

/** Bytes of a tag that is looked at: ours have up to 13. */
const tagBytesMax = 32
