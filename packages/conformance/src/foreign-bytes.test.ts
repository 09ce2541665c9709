import { describe, expect, test } from 'vitest'
import { coreTargets } from '../../core/src/fixtures/foreign-bytes.js'
import { signalingTargets } from '../../signaling/src/fixtures/foreign-bytes.js'
import { webrtcTargets } from '../../webrtc/src/fixtures/foreign-bytes.js'
import { fuzz, type FuzzTarget } from './fuzz.js'

const targets: readonly FuzzTarget[] = [...coreTargets, ...signalingTargets, ...webrtcTargets]
/** In all: about 20 s. `npm run fuzz -- --inputs 10000000 --seed 7` asks for others. */
const inputs = Number(process.env['HASHTAB_FUZZ_INPUTS'] ?? 1_000_000)
const seed = Number(process.env['HASHTAB_FUZZ_SEED'] ?? 1)

describe(`whatever the bytes, there is an answer: ${inputs} mutated inputs, seed ${seed}`, () => {
  test.each(targets)('$name', { timeout: 3_600_000 }, (target) => {
    const report = fuzz(target, Math.ceil(inputs / targets.length), seed)
    console.log(`${target.name}: ${report.inputs} inputs, ${report.taken} taken, the slowest ${report.slowestMs.toFixed(1)} ms`)
    // All refused would say nothing about what follows the first look.
    expect(report.taken).toBeGreaterThan(0)
  })
})
