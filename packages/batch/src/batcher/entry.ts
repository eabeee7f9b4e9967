import type { Queueable } from '../priority-queue.ts'

/** One call of `add`, which waits for the result of an entry. */
export interface Caller<Item, Result> {
  /** The entry that this caller has joined. Undefined for the first caller of an entry: that caller is the entry object itself. */
  readonly entry: Entry<Item, Result> | undefined
  readonly signal: AbortSignal | undefined
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * A time in milliseconds on the clock. It is an object that many entries share: otherwise, V8 would allocate a fractional number on the heap for each
 * entry.
 */
export interface SharedTime {
  readonly atMs: number
}

/**
 * One item in the batcher, with all callers that wait for its result.
 *
 *     waiting (for room in the queue) → queued → running → settled
 *
 * An entry can be settled in any state. A settled entry is in no queue.
 */
export interface Entry<Item, Result> extends Queueable<Entry<Item, Result>>, Caller<Item, Result> {
  readonly entry: undefined
  readonly item: Item
  readonly partition: string
  readonly key: string | undefined
  readonly bytes: number
  readonly tokens: number
  /** The time at which the entry was added. Entries that the same synchronous code adds share it. */
  readonly added: SharedTime
  /** The position of the entry in the order of adding, counted from 1. */
  readonly order: number
  state: 'waiting' | 'queued' | 'running' | 'settled'
  /** The batch of a running entry. The batch is notified when the entry has its result, or when no caller waits for the entry any more. */
  batch: { settled(): void; abandoned(reason: unknown): void } | undefined
  /**
   * The first caller that waits for the entry; undefined only when the entry is settled. Further callers are in `others`, but most entries have only
   * one caller.
   */
  caller: Caller<Item, Result> | undefined
  others: Caller<Item, Result>[] | undefined
  /** Functions to call once, when the entry is settled. */
  onSettled: (() => void)[] | undefined
}
