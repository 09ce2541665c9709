import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { coreTargets } from '../../core/src/fixtures/foreign-bytes.js'
import { signalingTargets } from '../../signaling/src/fixtures/foreign-bytes.js'
import { webrtcTargets } from '../../webrtc/src/fixtures/foreign-bytes.js'
import { fuzz, type FuzzReport, type FuzzTarget } from './fuzz.js'

const targets: readonly FuzzTarget[] = [...coreTargets, ...signalingTargets, ...webrtcTargets]
/** In all: about 20 s. `npm run fuzz -- --inputs 10000000 --seed 7` asks for others. */
const inputs = Number(process.env['HASHTAB_FUZZ_INPUTS'] ?? 1_000_000)
const seed = Number(process.env['HASHTAB_FUZZ_SEED'] ?? 1)
/** Where the figures are wanted, for docs/measurements. */
const json = process.env['HASHTAB_FUZZ_JSON']

describe(`whatever the bytes, there is an answer: ${inputs} mutated inputs, seed ${seed}`, () => {
  const reports: FuzzReport[] = []
  const beganMs = performance.now()
  test.each(targets)('$name', { timeout: 3_600_000 }, (target) => {
    const report = fuzz(target, Math.ceil(inputs / targets.length), seed)
    reports.push(report)
    console.log(`${target.name}: ${report.inputs} inputs, ${report.taken} taken, the slowest ${report.slowestMs.toFixed(1)} ms`)
    // All refused would say nothing about what follows the first look.
    expect(report.taken).toBeGreaterThan(0)
  })

  afterAll(() => {
    // Whoever failed has no report, and figures that leave it out would be none.
    if (json === undefined || reports.length < targets.length) return
    writeFileSync(json, `${JSON.stringify(resultOf(reports, (performance.now() - beganMs) / 1_000), undefined, 2)}\n`)
  })
})

/** As `npm run measure` shows it. */
function resultOf(reports: readonly FuzzReport[], wallSeconds: number) {
  const sum = (of: 'inputs' | 'taken') => reports.reduce((all, report) => all + report[of], 0)
  return {
    about: 'good inputs, mutated: each is answered with a value or with Malformed, none throws, none takes long',
    command: `npm run fuzz -- --inputs ${inputs} --seed ${seed}`,
    figures: {
      decoders: reports.length,
      inputs: sum('inputs'),
      taken: sum('taken'),
      slowestMs: Math.max(...reports.map(({ slowestMs }) => slowestMs)),
    },
    wallSeconds,
    node: process.version,
  }
}
