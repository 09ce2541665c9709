import { LateMap } from '../late-map.js'
import type { Record } from '../records/record.js'
import type { Asker, AskingEffect } from './asking-event.js'
import type { Found } from './lookup.js'
import type { OperationId, Outcome } from './operations.js'
import { wrote } from './writes-under-way.js'

/** What an operation of our own is for. */
export type Errand =
  | { readonly for: 'refresh' }
  | { readonly for: 'rewrite'; readonly record: Record }
  | { readonly for: 'locate'; readonly operation: OperationId }
  | { readonly for: 'watch'; readonly topic: string }
  /** To find those around a key that others crowd around. */
  | { readonly for: 'surrounding'; readonly search: number; readonly point: number }
  /** To find somebody who can tell whether a record is where it should be. */
  | { readonly for: 'confirmation'; readonly confirmation: number }

/** Operations of our own, under negative numbers; those of the app are not among them. */
export class Errands {
  readonly #errands = new LateMap<OperationId, Errand>()
  #last = 0

  begin(errand: Errand): OperationId {
    this.#last -= 1
    this.#errands.set(this.#last, errand)
    return this.#last
  }

  /** What it was for; undefined: it is the app's own, or was cancelled. */
  end(operation: OperationId): Errand | undefined {
    const errand = this.#errands.get(operation)
    this.#errands.delete(operation)
    return errand
  }

  /** The confirmation that this is for, if it is. */
  confirmation(operation: OperationId): number | undefined {
    const errand = this.#errands.get(operation)
    return errand?.for === 'confirmation' ? errand.confirmation : undefined
  }

  /** Forgets what was begun for this operation of the app. */
  cancel(operation: OperationId): void {
    for (const [id, errand] of this.#errands) if (errand.for === 'locate' && errand.operation === operation) this.#errands.delete(id)
  }

  /** Rewrites and refreshes: nobody waits for them. */
  isBackground(operation: OperationId): boolean {
    const errand = this.#errands.get(operation)
    return errand !== undefined && errand.for !== 'locate' && errand.for !== 'watch' && errand.for !== 'surrounding'
  }
}

/** Whether nobody waits for this: pushes, rewrites and refreshes give way to what apps ask. */
export function isBackground(asker: Asker, errands: Errands): boolean {
  if (asker.for === 'watch') return asker.side === 'holder'
  if (asker.for === 'operation') return errands.isBackground(asker.operation)
  return asker.for === 'push' || asker.for === 'comparison' || asker.for === 'confirmation'
}

/** What is told of an errand that has come to its end. Whom it met is of use to a look around alone: contacts lead to links, and no other lookup is to make any. */
export function reportOf(errand: Errand | undefined, outcome: Outcome, closest: readonly Found[]): AskingEffect[] {
  switch (errand?.for) {
    case 'surrounding':
      return [{ type: 'lookedAround', search: errand.search, point: errand.point, closest }]
    case 'watch':
      return [{ type: 'replicasFound', topic: errand.topic, closest }]
    case 'refresh':
      return [{ type: 'found', contacts: closest }]
    case 'rewrite':
      return outcome.type === 'written' ? [wrote(errand.record, outcome, false)] : []
    case 'locate':
      return outcome.type === 'located'
        ? [{ type: 'located', operation: errand.operation, contact: outcome.contact, route: outcome.route }]
        : []
    default:
      return []
  }
}
