import { createPublicKey, generateKeyPairSync, sign, verify as verifyByOpenSsl } from 'node:crypto'
import BittorrentDht from 'bittorrent-dht'
import {
  decodeRecord,
  draftSigned,
  encode,
  encodeUtf8,
  isMalformed,
  judgeRecord,
  Key,
  publicKey,
  type SignedRecord,
  signedValue,
  withSignature,
} from '@hashtab/core'
import { generateSigner, systemRandom, verify } from '@hashtab/peer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** A mutable item of BEP 44: `sig`, or who makes it. */
interface Item {
  readonly k: Uint8Array
  readonly salt?: Uint8Array
  readonly seq: number
  readonly v: unknown
  readonly sig?: Uint8Array
  readonly sign?: (message: Uint8Array) => Uint8Array
}

type Found = Item & { readonly sig: Uint8Array }

/** What is used here of a package that brings no types. */
interface Dht {
  listen(port: number, host: string, listening: () => void): void
  once(name: 'ready', listener: () => void): void
  address(): { readonly port: number }
  put(item: Item, done: (fault: Error | null, target: Uint8Array) => void): void
  get(
    target: Uint8Array,
    options: { readonly cache: boolean; readonly salt?: Uint8Array },
    done: (fault: Error | null, found: Found | null) => void,
  ): void
  destroy(done: () => void): void
}
/** A cast: the tests' one compilation has the bench's declaration of this package, which says what the bench needs of it. */
const DHT = BittorrentDht as unknown as new (options: {
  readonly bootstrap: readonly string[] | false
  readonly host: string
  readonly verify: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean
}) => Dht

/** What stands before the 32 bytes of an Ed25519 public key in DER (RFC 8410). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const unixS = 1_700_000_000
const name = encodeUtf8('profile')
/** As ours are: an expiry, and the bytes. Its own `v` is a value, not its bytes. */
const value = { e: unixS + 3_600, v: Buffer.from('hello') }

/** Two nodes of BitTorrent's DHT, on this machine alone, that judge signatures by OpenSSL: one puts and asks, the other keeps. */
let nodes: readonly Dht[]

beforeAll(async () => {
  const keeper = await node(false)
  nodes = [await node([`127.0.0.1:${keeper.address().port}`]), keeper]
})
afterAll(() => Promise.all(nodes.map((one) => new Promise<void>((resolve) => one.destroy(resolve)))))

describe("BEP 44's items, of the DHT that BitTorrent clients in JavaScript have, and our records", () => {
  test('one that it has made and kept is a good record here', async () => {
    const { publicKey: key, privateKey } = generateKeyPairSync('ed25519')
    const k = key.export({ type: 'spki', format: 'der' }).subarray(derPrefix.length)
    const target = await put({ k, salt: Buffer.from(name), seq: 7, v: value, sign: (message) => sign(null, message, privateKey) })
    const found = await get(target, name)
    const record = readAsOurs(found!, name)
    expect(record.key.toBytes()).toEqual(new Uint8Array(target))
    expect([record.seq, record.value, record.expiresUnixS]).toEqual([7n, new Uint8Array(value.v), value.e])
    expect(judgeRecord(record, verify, unixS)).toBe('valid')
    expect(judgeRecord({ ...record, seq: 8n }, verify, unixS)).toBe('forged')
  })

  test.each([
    ['owned', { kind: 'owned', salt: name }],
    ['open', { kind: 'open', key: Key.hash(name) }],
  ] as const)('of ours an %s one is kept by it, and found as it was', async (_, which) => {
    const record = await ownRecord(which)
    const item = itemOf(record)
    const target = await put(item)
    if (record.kind === 'owned') expect(new Uint8Array(target)).toEqual(record.key.toBytes())
    const found = await get(target, record.salt)
    expect(Buffer.from(found!.sig)).toEqual(item.sig)
    expect(readAsOurs(found!, record.salt)).toMatchObject({ seq: record.seq, value: record.value, expiresUnixS: record.expiresUnixS })
  })

  test('one of ours with a changed value is not kept', async () => {
    const record = await ownRecord({ kind: 'owned', salt: name })
    await put({ ...itemOf(record), v: { ...value, v: Buffer.from('jello') } }).catch(() => undefined)
    expect(await get(record.key.toBytes(), name)).toBeNull()
  })
})

async function ownRecord(which: { readonly kind: 'owned'; readonly salt: Uint8Array } | { readonly kind: 'open'; readonly key: Key }) {
  const signer = generateSigner(systemRandom)
  const draft = draftSigned({
    ...which,
    publicKey: signer.publicKey,
    seq: BigInt(unixS) * 1_000_000n,
    expiresUnixS: value.e,
    value: new Uint8Array(value.v),
  })
  return withSignature(draft, await signer.sign(draft.signedBytes))
}

function itemOf({ publicKey, salt, seq, signature }: SignedRecord) {
  return { k: Buffer.from(publicKey), salt: Buffer.from(salt), seq: Number(seq), v: value, sig: Buffer.from(signature) }
}

/** What it answers with, put into the bytes of a record on our wire. */
function readAsOurs(found: Found, salt: Uint8Array): SignedRecord {
  const { e, v } = found.v as { readonly e: number; readonly v: Uint8Array }
  const wire = new Map<string, Uint8Array | number | ReturnType<typeof signedValue>>([
    ['k', publicKey(new Uint8Array(found.k))],
    ['salt', salt],
    ['seq', found.seq],
    ['sig', new Uint8Array(found.sig)],
    ['t', encodeUtf8('owned')],
    ['v', signedValue(e, new Uint8Array(v))],
  ])
  const record = decodeRecord(wire)
  if (isMalformed(record) || record.kind === 'content') throw new Error(`It is no record: ${Buffer.from(encode(wire)).toString('latin1')}`)
  return record
}

function put(item: Item): Promise<Uint8Array> {
  return new Promise((resolve, reject) => nodes[0]!.put(item, (fault, target) => (fault ? reject(fault) : resolve(target))))
}

function get(target: Uint8Array, salt: Uint8Array) {
  return new Promise<Found | null>((resolve, reject) => {
    nodes[0]!.get(Buffer.from(target), { cache: false, salt: Buffer.from(salt) }, (fault, found) =>
      fault ? reject(fault) : resolve(found),
    )
  })
}

async function node(bootstrap: readonly string[] | false): Promise<Dht> {
  const verify = (signature: Uint8Array, message: Uint8Array, key: Uint8Array) =>
    verifyByOpenSsl(null, message, createPublicKey({ key: Buffer.concat([derPrefix, key]), format: 'der', type: 'spki' }), signature)
  const dht = new DHT({ bootstrap, host: '127.0.0.1', verify })
  await new Promise<void>((resolve) => dht.listen(0, '127.0.0.1', resolve))
  if (bootstrap) await new Promise<void>((resolve) => dht.once('ready', resolve))
  return dht
}
