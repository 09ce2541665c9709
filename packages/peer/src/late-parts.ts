import { latePartsWith } from '@hashtab/core'
import { cipherSuite } from './cipher-suite.js'
import { type NewChannel, PeerChannel } from './peer-channel.js'

/** What a peer can begin without: watches, and encryption of what is said where there is no link. Loaded by itself, after the rest of a page: see `Driver`. */
export const lateParts = latePartsWith(cipherSuite)

/** Apps speak over it, so it comes with what they say. */
export const newChannel: NewChannel = (host, id, contact) => new PeerChannel(host, id, contact)
