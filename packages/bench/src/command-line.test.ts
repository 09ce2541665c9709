import { expect, test } from 'vitest'
import { readCommandLine } from './command-line.js'

test.each([
  { parameters: [], command: { type: 'tabs', tabs: [8, 16], rounds: 3, json: undefined } },
  { parameters: ['--tabs', '8', '--rounds', '1', '--json', 'out.json'], command: { type: 'tabs', tabs: [8], rounds: 1, json: 'out.json' } },
  { parameters: ['--nodes'], command: { type: 'nodes', nodes: 8, rounds: 3, json: undefined } },
  { parameters: ['--guest'], command: { type: 'guest', tabs: 24, json: undefined } },
  { parameters: ['--guest', '--tabs', '8'], command: { type: 'guest', tabs: 8, json: undefined } },
  { parameters: ['-h'], command: { type: 'help' } },
  { parameters: ['--tabs', '3'], command: { type: 'refuse', why: expect.stringContaining('from 4 to 64, not "3"') } },
  { parameters: ['--rounds', '0'], command: { type: 'refuse', why: expect.stringContaining('--rounds takes') } },
  { parameters: ['--rounds', '1e1'], command: { type: 'refuse', why: expect.stringContaining('--rounds takes') } },
  { parameters: ['--nonsense'], command: { type: 'refuse', why: expect.stringContaining('--help') } },
])('$parameters', ({ parameters, command }) => {
  expect(readCommandLine(parameters)).toEqual(command)
})
