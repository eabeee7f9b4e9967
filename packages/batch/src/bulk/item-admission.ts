import { describeValue } from '@harbor/parts'
import { IdIndex } from '../ids/id-index.ts'
import { IndexStrings } from '../ids/index-strings.ts'
import type { BulkSettings } from './bulk-options.ts'
import { DuplicateIdError } from './errors.ts'
import type { RunCounters } from './run-counters.ts'
import type { Task } from './task.ts'

/**
 * Determines the id of each item, and creates its task. A duplicate gets no task. An item whose result is in the journal gets a task only with
 * `order: 'input'`.
 */
export class ItemAdmission<Item> {
  readonly #settings: BulkSettings<Item>
  readonly #counters: RunCounters
  /** The ids read so far, each with the index of its item. Undefined without the option `id`: default ids are unique. */
  readonly #seen: IdIndex | undefined
  readonly #indexStrings = new IndexStrings()
  #index = 0

  constructor(settings: BulkSettings<Item>, counters: RunCounters) {
    this.#settings = settings
    this.#counters = counters
    this.#seen = settings.id && new IdIndex()
  }

  /** The number of items read from the source. */
  get count(): number {
    return this.#index
  }

  /**
   * Creates the task for the next item of the source.
   *
   * @returns undefined if the item is a duplicate to skip, or if its result was already yielded from the journal
   * @throws DuplicateIdError; TypeError for an id that is not a string; the error that the `id` option throws
   */
  admit(item: Item, journaled: { has(id: string): boolean } | undefined): Task<Item> | undefined {
    const { id: idOf, onDuplicateId, order } = this.#settings
    const index = this.#index++
    const id = idOf ? idOf(item, index) : this.#indexStrings.of(index)
    if (typeof id !== 'string') throw new TypeError(`id must return a string, got ${describeValue(id)}`)
    const firstIndex = this.#seen?.add(id, index)
    if (firstIndex !== undefined) {
      if (onDuplicateId === 'error') throw new DuplicateIdError(id, firstIndex, index)
      this.#counters.read++
      this.#counters.skipped++
      return undefined
    }
    const isJournaled = journaled?.has(id) === true
    if (!isJournaled) this.#counters.read++
    else if (order === 'completion') return undefined
    return {
      item,
      id,
      index,
      isJournaled,
      startOrder: 0,
      requests: 0,
      calls: 0,
      startedAtMs: 0,
      attempt: undefined,
    }
  }
}
