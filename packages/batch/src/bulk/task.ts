/** An item that was read from the source, and its state in the run. */
export interface Task<Item> {
  readonly item: Item
  readonly id: string
  /** The item's position in the source, counted from 0. */
  readonly index: number
  /** Whether the journal already has the result of the item. The result is then read from the journal instead of calling the function. */
  readonly isJournaled: boolean
  /** The number of items started before this one. */
  startOrder: number
  /**
   * The number of requests made for the item: one for each call of the function, unless the function reports another number. This number becomes
   * `attempts` of the result.
   */
  requests: number
  /** How often the function was called for the item. */
  calls: number
  startedAtMs: number
  /**
   * The latest attempt, for ItemsInFlight to close. Undefined with a limiter or an adaptive limit: then the attempt is closed by the code that runs
   * it.
   */
  attempt: { close(): void } | undefined
}
