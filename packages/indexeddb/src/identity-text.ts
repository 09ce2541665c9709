import { PeerError, seedBytes } from '@hashtab/peer'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** What a guess at a passphrase costs, and an import: 128 MiB and 0.5 to 2 s (what OWASP asks of scrypt). No text can ask for more, or less: other costs are another version. */
const cost = { N: 2 ** 17, r: 8, p: 1, dkLen: 32 } as const
/** The beginning of every text: what it is, its version, and how its key is derived (scrypt: log2 N, r, p). Sealed with the rest. */
const heading = 'hashtab-identity-1.scrypt-17-8-1'

/** RFC 7914 leaves it to us; as in RFC 8018: enough that no table made before is of use. */
const saltBytes = 16
/** XChaCha20's. */
const nonceBytes = 24
/** Poly1305's. */
const tagBytes = 16
/** Tells a slip of the pen from a wrong passphrase, and before the work is done. Against an attacker stands the tag. */
const checksumBytes = 4
const sealedBytes = saltBytes + nonceBytes + seedBytes + tagBytes
/** A line with its spaces around: nothing longer is looked at. */
const textLengthMax = 1_024

/** Less falls to guessing, at a second and 128 MiB each. */
const passphraseLengthMin = 8
/** A page of prose; the passphrase is hashed before it costs anything. */
const passphraseLengthMax = 1_024

const shape = new RegExp(`^${heading.replaceAll('.', '\\.')}\\.([0-9a-f]{${2 * sealedBytes}})\\.([0-9a-f]{${2 * checksumBytes}})$`)

/**
 * A 32-byte seed as text: heading, salt, nonce and sealed seed in hex, checksum. Key: scrypt of the passphrase (RFC 7914), in the one Unicode form that all keyboards come to (NFKC);
 * seal: XChaCha20-Poly1305 over the heading. Rejects with a `PeerError`: `invalid`.
 */
export async function sealIdentity(seed: Uint8Array, passphrase: string): Promise<string> {
  const words = passphrase.normalize('NFKC')
  if (!isPassphrase(words)) throw new PeerError('invalid', `A passphrase has ${passphraseLengthMin} to ${passphraseLengthMax} characters.`)
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes))
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes))
  const key = await scryptAsync(words, salt, cost)
  const sealed = cipher(key, nonce).encrypt(seed)
  const body = `${heading}.${bytesToHex(salt)}${bytesToHex(nonce)}${bytesToHex(sealed)}`
  return `${body}.${checksum(body)}`
}

/** The seed in a text of `sealIdentity`. Rejects with a `PeerError`: `damaged` (at once), `wrong-passphrase` (also when who changed the text put its checksum right). */
export async function openIdentity(text: string, passphrase: string): Promise<Uint8Array> {
  const line = text.length > textLengthMax ? '' : text.trim()
  const [, hex, sum] = shape.exec(line) ?? []
  if (hex === undefined || checksum(`${heading}.${hex}`) !== sum) {
    throw new PeerError(
      'damaged',
      'This is no exported identity of this version, or a part of it is missing or changed: copy all of it anew.',
    )
  }
  const words = passphrase.normalize('NFKC')
  if (!isPassphrase(words)) throw wrongPassphrase()
  const bytes = hexToBytes(hex)
  const nonceEnd = saltBytes + nonceBytes
  const key = await scryptAsync(words, bytes.subarray(0, saltBytes), cost)
  try {
    return cipher(key, bytes.subarray(saltBytes, nonceEnd)).decrypt(bytes.subarray(nonceEnd))
  } catch (reason) {
    throw wrongPassphrase({ cause: reason })
  }
}

function cipher(key: Uint8Array, nonce: Uint8Array) {
  return xchacha20poly1305(key, nonce, utf8ToBytes(heading))
}

function isPassphrase({ length }: string): boolean {
  return length >= passphraseLengthMin && length <= passphraseLengthMax
}

function wrongPassphrase(options?: ErrorOptions): PeerError {
  return new PeerError('wrong-passphrase', 'The passphrase does not open this identity: mind its spelling.', options)
}

function checksum(body: string): string {
  return bytesToHex(sha256(utf8ToBytes(body)).subarray(0, checksumBytes))
}
