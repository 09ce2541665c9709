import { MemoryStorage } from '@hashtab/peer'
import { describe, test } from 'vitest'
import { storageSuite } from './storage-suite.js'

describe('MemoryStorage keeps the promises of Storage', () => {
  test.each(storageSuite)('$name', ({ run }) =>
    run(() => {
      const shelf = new Map<string, Uint8Array>()
      return { open: () => new MemoryStorage(shelf) }
    }),
  )
})
