import { expect, test } from 'vitest'
import { readRoute } from './route.js'

const key = '77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548'

test.each([
  ['', { page: 'list' }],
  ['#', { page: 'list' }],
  ['#elsewhere', { page: 'list' }],
  [`#with=${key}`, { page: 'conversation', key }],
  [`#with=${key.slice(1)}`, { page: 'list' }],
  [`#add=${key}`, { page: 'add', text: key }],
  [`#add=${key.toUpperCase()}`, { page: 'add', text: key }],
  [`#add=%22${key}%22`, { page: 'add', text: key }],
])('%s leads to where it says', (hash, route) => expect(readRoute(hash)).toEqual(route))

test.each([
  ['nothing', '', ''],
  ['half a key', key.slice(0, 32), key.slice(0, 32)],
  ['a word', 'hello%20there', 'hello there'],
  ['a broken escape', '%E0%A4%A', '%E0%A4%A'],
  ['a book', 'x'.repeat(100_000), 'x'.repeat(200)],
])('a link that offers %s leads to the window to add somebody, which shows it', (_, offered, text) =>
  expect(readRoute(`#add=${offered}`)).toEqual({ page: 'add', text }),
)
