import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import type { BencodeValue } from './bencode.js'
import { Key, keyBytes } from '../keys/key.js'
import { isMalformed, malformed, type Malformed } from './malformed.js'
import { type PublicKey, publicKey, publicKeyBytes, type Signature, signature, signatureBytes } from '../keys/public-key.js'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

/**
 * How one value of a message is read from bencode, and written. Reading takes a decoder's answer as it comes, checks everything and
 * never throws; writing trusts its value.
 */
export interface Field<T> {
  read(value: BencodeValue | Malformed): T | Malformed
  write(value: T): BencodeValue
}

/** What a field is read to. */
export type FieldValue<F> = F extends Field<infer T> ? T : never

/** A byte string of `min` to `max` bytes. */
export function bytes(min: number, max: number): Field<Uint8Array> {
  return {
    read(value) {
      if (!(value instanceof Uint8Array)) return other(value, 'no byte string')
      return value.length >= min && value.length <= max ? value : malformed(`${value.length} bytes`)
    },
    write: (value) => value,
  }
}

/** A number from `min` to `max`, both exact. */
export function integer(min: number, max: number): Field<number> {
  return {
    read(value) {
      if (typeof value !== 'number') return other(value, 'no integer, or one out of bounds')
      return value >= min && value <= max ? value : malformed('integer out of bounds')
    },
    write: (value) => value,
  }
}

/** A bigint from `min` to `max`, at most 64 bits. */
export function integer64(min: bigint, max: bigint): Field<bigint> {
  return {
    read(value) {
      if (typeof value !== 'number' && typeof value !== 'bigint') return other(value, 'no integer')
      const wide = BigInt(value)
      return wide >= min && wide <= max ? wide : malformed('integer out of bounds')
    },
    write: (value) => value,
  }
}

/** True or false: 1 or 0. */
export const flag: Field<boolean> = mapped(
  integer(0, 1),
  (value) => value === 1,
  (value) => (value ? 1 : 0),
)

/** A list of at most `max` of the same. */
export function list<T>(of: Field<T>, max: number): Field<readonly T[]> {
  return {
    read(value) {
      if (!Array.isArray(value)) return other(value, 'no list')
      const entries = value as readonly BencodeValue[]
      if (entries.length > max) return malformed(`${entries.length} entries`)
      const list: T[] = []
      for (const entry of entries) {
        const read = of.read(entry)
        if (isMalformed(read)) return read
        list.push(read)
      }
      return list
    },
    write: (value) => value.map((entry) => of.write(entry)),
  }
}

/** At most `max` of the same, each of `length` bytes, side by side: a list whose marks would take as much as what short entries say. */
export function packed<T>(of: Field<T>, length: number, max: number): Field<readonly T[]> {
  const entries = list(of, max)
  return mapped(
    bytes(0, length * max),
    (all) =>
      all.length % length > 0
        ? malformed('half an entry')
        : entries.read(Array.from({ length: all.length / length }, (_, i) => all.slice(i * length, (i + 1) * length))),
    (value) => concatBytes(...(entries.write(value) as readonly Uint8Array[])),
  )
}

/** A text of at most `bytesMax` bytes of UTF-8. */
export function text(bytesMax: number): Field<string> {
  return mapped(bytes(0, bytesMax), decodeUtf8, encodeUtf8)
}

/** Exactly `length` bytes, held as lower-case hex digits. */
export function hex(length: number): Field<string> {
  return mapped(bytes(length, length), bytesToHex, hexToBytes)
}

/** One of these names. */
export function oneOf<const Name extends string>(...names: readonly Name[]): Field<Name> {
  const longest = Math.max(...names.map((name) => name.length))
  return mapped(
    text(longest),
    (value) => names.find((name) => name === value) ?? malformed('no such name'),
    (value) => value,
  )
}

export const keyField: Field<Key> = mapped(
  bytes(keyBytes, keyBytes),
  (value) => Key.fromBytes(value),
  (value) => value.toBytes(),
)
export const publicKeyField: Field<PublicKey> = mapped(bytes(publicKeyBytes, publicKeyBytes), publicKey, (value) => value)
export const signatureField: Field<Signature> = mapped(bytes(signatureBytes, signatureBytes), signature, (value) => value)

/** Another view of a field: `read` may still refuse with `malformed(why)`. */
export function mapped<From, To>(field: Field<From>, read: (value: From) => To | Malformed, write: (value: To) => From): Field<To> {
  return {
    read(value) {
      const first = field.read(value)
      return isMalformed(first) ? first : read(first)
    },
    write: (value) => field.write(write(value)),
  }
}

function other(value: BencodeValue | Malformed, why: string): Malformed {
  return isMalformed(value) ? value : malformed(why)
}
