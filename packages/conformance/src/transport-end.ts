import type { LinkId, Transport, TransportEvent } from '@hashtab/peer'

/** How long a case waits for one event: far longer than any real link takes, and still an end. */
const waitMsMax = 15_000

type EventOf<Type extends TransportEvent['type']> = Extract<TransportEvent, { type: Type }>

/** One transport in a case: gives it orders, keeps what it tells, and sees to it that it tells nothing from inside an order. */
export class TransportEnd {
  readonly transport: Transport
  /** Everything told so far. */
  readonly told: TransportEvent[] = []
  readonly #unread: TransportEvent[] = []
  readonly #faults: Error[] = []
  readonly #watchers = new Set<(event: TransportEvent) => void>()
  #ordering = false

  constructor(transport: Transport) {
    this.transport = transport
    transport.start((event) => {
      if (this.#ordering) this.#faults.push(new Error(`'${event.type}' was told from inside an order.`))
      this.told.push(event)
      this.#unread.push(event)
      for (const watch of [...this.#watchers]) watch(event)
    })
  }

  /** Gives an order; nothing may be told before it returns. */
  order<T>(give: (transport: Transport) => T): T {
    const outer = this.#ordering
    this.#ordering = true
    try {
      return give(this.transport)
    } finally {
      this.#ordering = outer
    }
  }

  /** Calls at once for everything told from now on. Answers with the call that stops it. */
  watch(watcher: (event: TransportEvent) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** The next event of this type and link that no call has answered with before. Rejects when it does not come, or a rule was broken. */
  async next<Type extends TransportEvent['type']>(type: Type, link: LinkId): Promise<EventOf<Type>> {
    const wanted = (event: TransportEvent): event is EventOf<Type> => event.type === type && event.link === link
    const event = await new Promise<EventOf<Type>>((resolve, reject) => {
      const look = () => {
        const found = this.#unread.find(wanted)
        if (found === undefined) return
        this.#unread.splice(this.#unread.indexOf(found), 1)
        stop()
        clearTimeout(timer)
        resolve(found)
      }
      const stop = this.watch(look)
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`'${type}' of link ${link} was not told. Told: ${this.#summary()}`))
      }, waitMsMax)
      look()
    })
    this.check()
    return event
  }

  /** All messages received on a link so far, in order. */
  messages(link: LinkId): Uint8Array[] {
    return this.told.flatMap((event) => (event.type === 'received' && event.link === link ? [event.message] : []))
  }

  /** Throws when anything was told from inside an order. */
  check(): void {
    if (this.#faults.length > 0) throw this.#faults[0]!
  }

  #summary(): string {
    return (
      this.told.map((event) => `${event.type} ${event.link}${event.type === 'closed' ? ` (${event.reason})` : ''}`).join(', ') || 'nothing'
    )
  }
}

/** Makes a link between two ends, carrying what they tell of themselves. Resolves when both have told `opened`. */
export async function connect(offering: TransportEnd, link: LinkId, answering: TransportEnd, answeringLink: LinkId): Promise<void> {
  carryCandidates(offering, link, answering, answeringLink)
  carryCandidates(answering, answeringLink, offering, link)
  offering.order((transport) => transport.offer(link))
  const offer = await offering.next('described', link)
  answering.order((transport) => transport.answer(answeringLink, offer.description))
  const answer = await answering.next('described', answeringLink)
  offering.order((transport) => transport.accept(link, answer.description))
  await Promise.all([offering.next('opened', link), answering.next('opened', answeringLink)])
}

function carryCandidates(from: TransportEnd, link: LinkId, to: TransportEnd, toLink: LinkId): void {
  from.watch((event) => {
    if (event.type === 'candidates' && event.link === link) to.order((transport) => transport.addCandidates(toLink, event.candidates))
  })
}
