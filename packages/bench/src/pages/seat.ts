/** What a tab is told before its page loads. */
export interface SeatSettings {
  /** Where newcomers are introduced: as the contestant's own server prints it. */
  readonly introducer: string
  /** Tabs in all, this one included. */
  readonly tabs: number
  /** The contestant's configuration, by its name. */
  readonly variant: string
  /** Whether the tabs are to leave pairs of them unlinked, where the contestant can be asked to. */
  readonly sparse: boolean
}

/** How a dial between two tabs came out. `linked`: they were linked before, so there was nothing to dial. */
export type DialOutcome = 'direct' | 'relayed' | 'failed' | 'linked'

/** One tab of a contestant, as the bench drives it. Every call ends at its signal. */
export interface Seat {
  /** How other tabs dial this one. */
  readonly id: string
  /** Other tabs this one has a direct connection to. The server is none. */
  links(): number
  /** Other tabs in this one's routing table. */
  known(): number
  put(key: string, value: string, signal: AbortSignal): Promise<void>
  /** The value found; undefined: the table was asked, and has none. */
  get(key: string, signal: AbortSignal): Promise<string | undefined>
  /** Connects to another tab directly. `direct`: a message went there over a direct connection, and one came back. */
  dial(id: string, signal: AbortSignal): Promise<DialOutcome>
  /** Ends the connection to another tab, where the contestant can be asked to. */
  unlink(id: string): Promise<void>
}

/** When what was there, in milliseconds since the page's navigation began. */
export interface Marks {
  /** Linked to another tab, and one get answered. */
  readyMs?: number
  /** Every other tab in the routing table. */
  fullMs?: number
  fault?: string
}

declare global {
  /** Set before the page loads. */
  var seatSettings: SeatSettings
  /** Set when the contestant's peer runs. */
  var seat: Seat | undefined
  var marks: Marks
  /** RTCPeerConnections made by this page, closed ones too. Counted by the constructor. */
  var connectionsMade: number
}

/** How often a tab looks whether it is there yet. */
const pollMs = 10
/** A first question that is not answered by then is asked again. */
const firstAnswerMs = 5_000

/** Takes the seat as soon as the page loads, and marks when it is ready and when its table is full. */
export async function takeSeat(sit: (settings: SeatSettings) => Promise<Seat>): Promise<void> {
  const { seatSettings: settings, marks } = globalThis
  try {
    const seat = await sit(settings)
    globalThis.seat = seat
    void markFull(seat, settings, marks)
    await untilTrue(() => seat.links() > 0)
    while (marks.readyMs === undefined) {
      const signal = AbortSignal.timeout(firstAnswerMs)
      const isAnswered = await seat.get('nothing is here', signal).then(
        () => true,
        () => false,
      )
      if (isAnswered) marks.readyMs = performance.now()
      else await pause()
    }
  } catch (fault) {
    marks.fault = String(fault)
  }
}

async function markFull(seat: Seat, { tabs }: SeatSettings, marks: Marks): Promise<void> {
  await untilTrue(() => seat.known() >= tabs - 1)
  marks.fullMs = performance.now()
}

export async function untilTrue(holds: () => boolean, signal?: AbortSignal): Promise<void> {
  while (!holds()) {
    signal?.throwIfAborted()
    await pause()
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollMs))
}
