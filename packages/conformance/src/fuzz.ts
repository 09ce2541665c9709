import { isMalformed } from '@hashtab/core'
import { Mutator } from './mutator.js'

/** Something that meets foreign bytes. */
export interface FuzzTarget {
  readonly name: string
  /** Inputs that it takes, to make others of. */
  readonly good: readonly Uint8Array[]
  /** What is to be tried: answers with a value, or with `Malformed`, and throws never. */
  decode(bytes: Uint8Array): unknown
  /** What holds of each value that was taken: throws when it does not. */
  check?(value: unknown, bytes: Uint8Array): void
}

export interface FuzzReport {
  readonly inputs: number
  /** Of them, those that were taken for good. */
  readonly taken: number
  readonly slowestMs: number
}

/** What one input may take. The longest good one takes a hundredth; a machine that is busy otherwise gives the rest. */
export const inputMsMax = 100

/**
 * Shows a target so many bad inputs, the same for the same seed. Throws an `Error` that names the seed and the input, in hex, at the first that makes it throw,
 * take what its `check` refuses, or take longer than `inputMsMax`: three times over, for a pause of the machine is not its fault.
 */
export function fuzz(target: FuzzTarget, inputs: number, seed: number): FuzzReport {
  const mutator = new Mutator(seed)
  let [taken, slowestMs] = [0, 0]
  for (const bytes of target.good)
    if (isMalformed(target.decode(bytes))) throw new Error(`${target.name}: refuses a good input, ${hexOf(bytes)}`)
  for (let count = 0; count < inputs; count++) {
    const bytes = mutator.mutated(target.good)
    const blame = (what: string, cause?: unknown) =>
      new Error(`${target.name}, seed ${seed}, input ${count} ${what}: ${hexOf(bytes)}`, { cause })
    try {
      const beganMs = performance.now()
      const value = target.decode(bytes)
      const tookMs = performance.now() - beganMs
      // A pause of the machine is not the input's fault: what seems the slowest is tried again.
      if (tookMs > slowestMs) slowestMs = Math.max(slowestMs, Math.min(tookMs, msOf(target, bytes)))
      if (tookMs > inputMsMax && isSlow(target, bytes)) throw new RangeError(`${Math.round(tookMs)} ms`)
      if (isMalformed(value)) continue
      taken += 1
      target.check?.(value, bytes)
    } catch (fault) {
      throw blame(`is not judged (${fault instanceof Error ? fault.message : String(fault)})`, fault)
    }
  }
  return { inputs, taken, slowestMs }
}

function isSlow(target: FuzzTarget, bytes: Uint8Array): boolean {
  return [1, 2, 3].every(() => msOf(target, bytes) > inputMsMax)
}

function msOf(target: FuzzTarget, bytes: Uint8Array): number {
  const beganMs = performance.now()
  target.decode(bytes)
  return performance.now() - beganMs
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
