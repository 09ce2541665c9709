// @ts-check
// `npm run fuzz -- --inputs 10000000 --seed 7`: shows every decoder that meets foreign bytes so many mutated inputs. The same seed makes the same ones.
import { parseArgs } from 'node:util'
import { runNode } from './command.mjs'

const { values } = parseArgs({ options: { inputs: { type: 'string', default: '10000000' }, seed: { type: 'string' } } })
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31))
if (![values.inputs, seed].every((text) => /^\d+$/.test(text))) throw new TypeError('--inputs and --seed are whole numbers.')
console.log(`seed ${seed}: repeat with  npm run fuzz -- --inputs ${values.inputs} --seed ${seed}`)
process.env['HASHTAB_FUZZ_INPUTS'] = values.inputs
process.env['HASHTAB_FUZZ_SEED'] = seed
process.exitCode = await runNode('node_modules/vitest/vitest.mjs', ['run', 'packages/conformance/src/foreign-bytes.test.ts'])
