import { sessionsWith } from '@hashtab/core'
import { cipherSuite } from './cipher-suite.js'

/** Encrypts what is said where there is no link. Loaded by itself, after the rest of a page: see `Driver`. */
export const newSessions = sessionsWith(cipherSuite)
