import { expect, test } from 'vitest'
import { printTable } from './table.js'

test('columns are as wide as their widest cell, numbers to the right', () => {
  expect(
    printTable(
      ['', 'ours', 'theirs'],
      [
        ['get', '9 ms', '121 ms'],
        ['a longer name', '1', ''],
      ],
    ),
  ).toBe(['               ours  theirs', '─────────────  ────  ──────', 'get            9 ms  121 ms', 'a longer name     1'].join('\n'))
})
