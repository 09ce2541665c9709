import type { Conduct } from './conduct.js'

/** Passes everything on to whoever of its links is the farthest from where it is to go. */
export const misrouter: Conduct = {
  hears(event, self) {
    if (event.type !== 'received') return event
    const { link, message } = event
    if (message.type !== 'seek' && message.type !== 'envelope') return event
    const target = message.type === 'seek' ? message.target : message.destination
    if (target.equals(self.self)) return event
    const [farthest] = self.linkedBy(target, -1, message.path)
    if (message.type === 'seek') self.say(link, { type: 'taken', id: message.id })
    if (farthest && message.hopsLeft > 0)
      self.say(farthest[0], { ...message, path: [...message.path, self.self], hopsLeft: message.hopsLeft - 1 })
    return undefined
  },
}
