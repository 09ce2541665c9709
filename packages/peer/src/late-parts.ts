import { latePartsWith } from '@hashtab/core'
import { cipherSuite } from './cipher-suite.js'

/** What a peer can begin without: watches, and encryption of what is said where there is no link. Loaded by itself, after the rest of a page: see `Driver`. */
export const lateParts = latePartsWith(cipherSuite)
