import type { Attempt } from './attempt.ts'

/** One item on its way through the run. */
export interface Task<Item> {
  readonly item: Item
  readonly id: string
  /** Its place in the source. */
  readonly index: number
  /** Whether the journal has its result. */
  readonly stored: boolean
  /** Its place among those that were begun. */
  turn: number
  /** Calls made for it, as far as they are reported. */
  attempts: number
  /** Times that the function was called. */
  begun: number
  startedAtMs: number
  /** The attempt under way, where nothing else closes it. */
  attempt: Attempt | undefined
}
