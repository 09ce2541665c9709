/** What a node's process is asked. */
export type Order =
  | { readonly type: 'known' }
  /** As many puts of its own record, one after another. */
  | { readonly type: 'put'; readonly times: number }
  /** As many gets of others' records, one after another. */
  | { readonly type: 'get'; readonly times: number; readonly records: readonly string[] }
  | { readonly type: 'cpu' }

/** What it answers, each order once. */
export type Answer =
  | { readonly type: 'up'; readonly record: string; readonly address: string }
  | { readonly type: 'known'; readonly count: number }
  /** How many of the operations succeeded, and how long each took. */
  | { readonly type: 'done'; readonly succeeded: number; readonly latenciesMs: readonly number[] }
  /** Processor time used since the process began, user and system. */
  | { readonly type: 'cpu'; readonly ms: number }
