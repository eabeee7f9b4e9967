/** One item on its way through a run. */
export interface Task<Item> {
  readonly item: Item
  readonly id: string
  /** The item's position in the source, counted from 0. */
  readonly index: number
  /** Whether the journal has its result, so that it is read there and the function not called. */
  readonly isJournaled: boolean
  /** How many items were started before it. */
  startOrder: number
  /** Requests made for it, as far as the function reports them; reported as `attempts` of its result. */
  requests: number
  /** How often the function was called for it. */
  calls: number
  startedAtMs: number
  /** The attempt in flight, if ItemsInFlight has to close it. */
  attempt: { close(): void } | undefined
}
