declare module 'bittorrent-dht' {
  interface Item {
    readonly k: Uint8Array
    readonly seq: number
    readonly v: Buffer
    readonly sign?: (message: Buffer) => Buffer
  }

  export default class DHT {
    constructor(options: {
      bootstrap: readonly string[] | false
      host: string
      verify: (signature: Buffer, message: Buffer, key: Buffer) => boolean
    })
    readonly nodes: { toArray(): readonly unknown[] }
    listen(port: number, host: string, listening: () => void): void
    once(name: 'ready', listener: () => void): void
    address(): { readonly port: number }
    put(item: Item, done: (fault: Error | null) => void): void
    get(address: string, options: { cache: boolean }, done: (fault: Error | null, found: Item | null) => void): void
  }
}

declare module 'hyperdht' {
  interface KeyPair {
    readonly publicKey: Uint8Array
    readonly secretKey: Uint8Array
  }

  export default class HyperDHT {
    constructor(options: {
      ephemeral: boolean
      firewalled: boolean
      bootstrap: readonly { readonly host: string; readonly port: number }[]
      host: string
    })
    static keyPair(): KeyPair
    fullyBootstrapped(): Promise<void>
    address(): { readonly port: number }
    toArray(): readonly unknown[]
    mutablePut(keyPair: KeyPair, value: Uint8Array, options: { seq: number }): Promise<unknown>
    mutableGet(publicKey: Uint8Array): Promise<{ readonly value: Uint8Array } | null>
  }
}
