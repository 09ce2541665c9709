import { sealingWith } from '@hashtab/core'
import { cipherSuite } from './cipher-suite.js'

/** What seals introductions. In a file of its own for bundlers: see `loadSealing`. */
export const sealing = sealingWith(cipherSuite)
