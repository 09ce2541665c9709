/** Where a contestant's tabs are introduced to each other: its own server, in a process of its own. */
export interface Introducer {
  /** As its tabs are told it. */
  readonly address: string
  /** SIGKILL: it has no time to say anything to anybody. */
  kill(): Promise<void>
}

/** One of those that are compared: a page, a server and a configuration. */
export interface Contestant {
  /** As the table prints it. */
  readonly name: string
  /** The configuration the page is told to take. */
  readonly variant: string
  /** The page's folder below src/pages. */
  readonly page: string
  /** Whether its tabs can end a connection when asked to. Else they are told from the start to leave pairs unlinked. */
  readonly unlinks: boolean
  /** Starts the server on `port`. Its tabs reach it at `countedPort`, through what counts its bytes. */
  introduce(port: number, countedPort: number): Promise<Introducer>
}
