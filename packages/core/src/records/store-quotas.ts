/** How much one group of records may take. */
export interface Quota {
  readonly records: number
  readonly bytes: number
}

/**
 * `own`: what this peer's user wrote. The others bound what is kept for strangers: from one `peer`, of one `publisher`,
 * under one open `key`, and in `total`.
 */
export type QuotaName = 'own' | 'key' | 'publisher' | 'peer' | 'total'
export type StoreQuotas = { readonly [name in QuotaName]: Quota }

const mebibyte = 2 ** 20

/**
 * A tab stays a good guest with some 10 MiB, which a start can read at once. Strangers are free to be many (keys cost nothing), so the quotas
 * of a publisher and a peer keep order among the honest; against the rest `total` and the distance hold.
 */
export const defaultStoreQuotas: StoreQuotas = {
  own: { records: 500, bytes: 2 * mebibyte },
  /** What one answer can hold: more publishers under one key would never be read. */
  key: { records: 64, bytes: 80 * 1024 },
  publisher: { records: 500, bytes: mebibyte },
  /** Half of all: in a small overlay one peer rightly brings everything. */
  peer: { records: 1_000, bytes: 4 * mebibyte },
  total: { records: 2_000, bytes: 8 * mebibyte },
}
