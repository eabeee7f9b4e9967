import { describeValue } from '@harbor/parts'

import type { BulkSettings } from './bulk-options.ts'
import { DuplicateIdError } from './duplicate-id-error.ts'
import { IdIndex } from './id-index.ts'
import { PlaceNames } from './place-names.ts'
import type { Tally } from './tally.ts'
import type { Task } from './task.ts'

/** Names the items of the source, and decides which of them are to be done. */
export class Intake<Item> {
  readonly #settings: BulkSettings<Item>
  readonly #tally: Tally
  /** Ids that came, with their first place. Places need not be remembered: each comes once. */
  readonly #seen: IdIndex | undefined
  readonly #places = new PlaceNames()
  #index = 0

  constructor(settings: BulkSettings<Item>, tally: Tally) {
    this.#settings = settings
    this.#tally = tally
    this.#seen = settings.id && new IdIndex()
  }

  /** Items that came from the source so far. */
  get count(): number {
    return this.#index
  }

  /**
   * What is to be done for an item; nothing for one that the journal has already given out, or that is left out.
   *
   * @throws DuplicateIdError, and what `id` throws
   */
  admit(item: Item, kept: { has(id: string): boolean } | undefined): Task<Item> | undefined {
    const { id: idOf, onDuplicateId, order } = this.#settings
    const index = this.#index++
    const id = idOf ? idOf(item, index) : this.#places.of(index)
    if (typeof id !== 'string') throw new TypeError(`id must give a string, got ${describeValue(id)}`)
    const firstIndex = this.#seen?.add(id, index)
    if (firstIndex !== undefined) {
      if (onDuplicateId === 'error') throw new DuplicateIdError(id, firstIndex, index)
      this.#tally.read++
      this.#tally.skipped++
      return undefined
    }
    const stored = kept?.has(id) === true
    if (!stored) this.#tally.read++
    else if (order === 'completion') return undefined
    return { item, id, index, stored, turn: 0, attempts: 0, begun: 0, startedAtMs: 0, attempt: undefined }
  }
}
