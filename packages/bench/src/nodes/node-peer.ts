/** One node of a table in a process of its own. It owns one signed record, and reads those of the others. */
export interface NodePeer {
  /** How others find this node's record. */
  readonly record: string
  /** Where a later node bootstraps from; empty where a server introduces. */
  readonly address: string
  /** Nodes it is in touch with. */
  known(): number
  /** Signs and stores the next version of its record. */
  put(value: string): Promise<void>
  /** The value of another's record, asked of the network and verified. */
  get(record: string): Promise<string | undefined>
}

/** Starts a node. `introducer`: a server's address, or the first node's; empty: this is the first. */
export type StartNode = (introducer: string) => Promise<NodePeer>
