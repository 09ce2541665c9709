// @ts-check
// `npm run fuzz -- --inputs 10000000 --seed 7`: shows every decoder that meets foreign bytes so many mutated inputs. The same seed makes the same ones.
// `--json FILE` writes the figures there, as docs/measurements/results/fuzz.json has them.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runNode } from './command.mjs'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '10000000' }, seed: { type: 'string' }, json: { type: 'string' } },
})
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31))
if (![values.inputs, seed].every((text) => /^\d+$/.test(text))) throw new TypeError('--inputs and --seed are whole numbers.')
console.log(`seed ${seed}: repeat with  npm run fuzz -- --inputs ${values.inputs} --seed ${seed}`)
process.env['HASHTAB_FUZZ_INPUTS'] = values.inputs
process.env['HASHTAB_FUZZ_SEED'] = seed
if (values.json !== undefined) process.env['HASHTAB_FUZZ_JSON'] = resolve(values.json)
process.exitCode = await runNode('node_modules/vitest/vitest.mjs', ['run', 'packages/conformance/src/foreign-bytes.test.ts'])
