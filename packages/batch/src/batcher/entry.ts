import type { Queueable } from '../priority-queue.ts'

/** One add, waiting for the result of its entry. */
export interface Caller<Item, Result> {
  /** The entry of a caller that joined one; undefined for the first caller, which is the entry itself. */
  readonly entry: Entry<Item, Result> | undefined
  readonly signal: AbortSignal | undefined
  resolve(result: Result): void
  reject(error: unknown): void
}

/** A time shared by many entries: a fractional number would take heap memory of its own in each. */
export interface SharedTime {
  readonly atMs: number
}

/**
 * One item on its way, with all callers that wait for its result.
 *
 *     waiting (for room in the queue) → queued → running → settled
 *
 * It may be settled from any state, and is then in no queue.
 */
export interface Entry<Item, Result> extends Queueable<Entry<Item, Result>>, Caller<Item, Result> {
  readonly entry: undefined
  readonly item: Item
  readonly partition: string
  readonly key: string | undefined
  readonly bytes: number
  readonly tokens: number
  /** When it was added: one time for all adds of a turn. Entries with a higher `order` were not added earlier. */
  readonly added: SharedTime
  readonly order: number
  state: 'waiting' | 'queued' | 'running' | 'settled'
  /** Its batch, once it is running; notified when the entry has its result, or when no caller waits for it any more. */
  batch: { settled(): void; abandoned(reason: unknown): void } | undefined
  /**
   * The callers that wait for it. There is usually only one, so the others have a list of their own. Undefined only
   * when it is settled.
   */
  caller: Caller<Item, Result> | undefined
  others: Caller<Item, Result>[] | undefined
  /** Called once, when it is settled. */
  onSettled: (() => void)[] | undefined
}
