import type { Conduct } from './conduct.js'

/** Acknowledges what it is to pass on, and drops it; answers no question but whether it lives. To its links it looks as well as any. */
export const dropper: Conduct = {
  hears(event, self) {
    if (event.type !== 'received') return event
    const { link, message } = event
    if (message.type === 'seek') {
      self.say(link, { type: 'taken', id: message.id })
      return undefined
    }
    if (message.type !== 'envelope') return event
    const { destination, payload } = message
    if (!destination.equals(self.self)) return undefined
    return payload.type === 'request' && payload.question.type !== 'ping' ? undefined : event
  },
}
