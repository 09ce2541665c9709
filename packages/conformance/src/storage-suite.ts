import { StorageFault, type Storage } from '@hashtab/peer'

/** One empty place to keep things, made for one case. `open` may be called again once the storage before it is closed. */
export interface StoragePlace {
  open(): Storage
}

/** One promise of the `Storage` port. Runs wherever its storage does, in a test runner or in a page; rejects when the promise is broken. */
export interface StorageCase {
  readonly name: string
  readonly run: (makePlace: () => StoragePlace) => Promise<void>
}

/** Entries in the one large batch: more than a full peer writes at a time. */
const largeBatch = 1_000

/** What every `Storage` promises (source: the port's docstrings). */
export const storageSuite: readonly StorageCase[] = [
  {
    name: 'a fresh place is empty',
    async run(makePlace) {
      mustHold(await contents(makePlace()), {})
    },
  },
  {
    name: 'what was written is there after opening again, whatever the durability',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      await storage.write(new Map([['a', bytes(1, 2, 3)]]), 'strict')
      await storage.write(new Map([['b', bytes(4)]]), 'relaxed')
      await storage.close()
      mustHold(await contents(place), { a: [1, 2, 3], b: [4] })
    },
  },
  {
    name: 'one write keeps and drops together, and an empty write is fine',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      await storage.write(new Map([['old', bytes(1)]]), 'relaxed')
      await storage.write(
        new Map([
          ['old', undefined],
          ['new', bytes(2)],
          ['never kept', undefined],
        ]),
        'strict',
      )
      await storage.write(new Map(), 'relaxed')
      await storage.close()
      mustHold(await contents(place), { new: [2] })
    },
  },
  {
    name: 'writes begun at once take effect in their order',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      const turns = Array.from({ length: 20 }, (_, turn) =>
        storage.write(new Map([['turn', turn % 3 === 2 ? undefined : bytes(turn)]]), turn % 2 === 0 ? 'relaxed' : 'strict'),
      )
      await Promise.all(turns)
      await storage.close()
      mustHold(await contents(place), { turn: [19] })
    },
  },
  {
    name: 'an empty value is kept, and is not a dropped one',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      await storage.write(new Map([['empty', bytes()]]), 'relaxed')
      await storage.close()
      mustHold(await contents(place), { empty: [] })
    },
  },
  {
    name: 'a value is copied: changing the bytes afterwards changes nothing that is kept',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      const value = bytes(1, 2)
      const written = storage.write(new Map([['a', value]]), 'relaxed')
      value[0] = 9
      await written
      const loaded = await storage.load()
      loaded.get('a')![1] = 9
      await storage.close()
      mustHold(await contents(place), { a: [1, 2] })
    },
  },
  {
    name: 'a view keeps its own bytes and not the buffer behind it',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      await storage.write(new Map([['view', new Uint8Array(64 * 1024).fill(7).subarray(10, 12)]]), 'relaxed')
      await storage.close()
      const again = place.open()
      const view = (await again.load()).get('view')
      await again.close()
      if (view?.length !== 2 || view.buffer.byteLength !== 2) throw new Error(`The view kept ${view?.buffer.byteLength} bytes, not 2.`)
    },
  },
  {
    name: 'names are any strings',
    async run(makePlace) {
      const place = makePlace()
      const names = ['', ' ', 'record:0a', '__proto__', 'constructor', 'a/b\\c', 'é', '\u{1f600}', '\0', 'x'.repeat(500)]
      const storage = place.open()
      await storage.write(new Map(names.map((name, i) => [name, bytes(i)])), 'relaxed')
      await storage.close()
      const again = place.open()
      const loaded = await again.load()
      await again.close()
      names.forEach((name, i) => mustEqual(loaded.get(name)?.[0], i, `the value of ${JSON.stringify(name)}`))
      mustEqual(loaded.size, names.length, 'the count of names')
    },
  },
  {
    name: `a batch of ${largeBatch} is kept whole`,
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      await storage.write(new Map(Array.from({ length: largeBatch }, (_, i) => [`record ${i}`, new Uint8Array(1_000).fill(i)])), 'relaxed')
      await storage.close()
      const again = place.open()
      const loaded = await again.load()
      await again.close()
      mustEqual(loaded.size, largeBatch, 'the count of records')
      for (let i = 0; i < largeBatch; i++) mustEqual(loaded.get(`record ${i}`)?.[999], i % 256, `the last byte of record ${i}`)
    },
  },
  {
    name: 'two places share nothing',
    async run(makePlace) {
      const [here, there] = [makePlace(), makePlace()]
      const storage = here.open()
      await storage.write(new Map([['a', bytes(1)]]), 'strict')
      await storage.close()
      mustHold(await contents(there), {})
    },
  },
  {
    name: 'close waits for the writes that are under way, and may be called twice',
    async run(makePlace) {
      const place = makePlace()
      const storage = place.open()
      const written = storage.write(new Map([['last', bytes(1)]]), 'relaxed')
      await storage.close()
      await storage.close()
      await written
      mustHold(await contents(place), { last: [1] })
    },
  },
  {
    name: 'a call after close rejects with a StorageFault whose code is closed',
    async run(makePlace) {
      const storage = makePlace().open()
      await storage.close()
      for (const call of [() => storage.load(), () => storage.write(new Map([['a', bytes(1)]]), 'relaxed')]) {
        const fault: unknown = await call().then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (!(fault instanceof StorageFault) || fault.code !== 'closed')
          throw new Error(`Wanted a StorageFault 'closed', got ${String(fault)}.`)
      }
    },
  },
]

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

async function contents(place: StoragePlace): Promise<ReadonlyMap<string, Uint8Array>> {
  const storage = place.open()
  const loaded = await storage.load()
  await storage.close()
  return loaded
}

function mustHold(loaded: ReadonlyMap<string, Uint8Array>, wanted: Record<string, number[]>) {
  const found = Object.fromEntries([...loaded].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, [...value]]))
  mustEqual(JSON.stringify(found), JSON.stringify(wanted), 'what is kept')
}

function mustEqual(found: unknown, wanted: unknown, what: string) {
  if (found !== wanted) throw new Error(`Wanted ${what} to be ${String(wanted)}, found ${String(found)}.`)
}
