import type { Queueable } from './priority-queue.ts'

/** One add, waiting for the result of its entry. */
export interface Caller<Item, Result> {
  /** The first caller of an entry is that itself, and need not say so. */
  readonly entry: Entry<Item, Result> | undefined
  readonly signal: AbortSignal | undefined
  resolve(result: Result): void
  reject(error: unknown): void
}

/** A time that many entries share: a number with a fraction would take room of its own in each. */
export interface Moment {
  readonly atMs: number
}

/**
 * One item on its way, with everybody who waits for its result.
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
  /** When it was added: one moment for all adds of a turn. Entries with a later `order` were not added earlier. */
  readonly added: Moment
  readonly order: number
  state: 'waiting' | 'queued' | 'running' | 'settled'
  /** The batch it is part of, once running: told when this entry has its result, or when nobody waits for it any more. */
  batch: { settled(): void; abandoned(reason: unknown): void } | undefined
  /** Who waits for it: nearly always one alone, so the others have a list of their own. Nobody only when settled. */
  caller: Caller<Item, Result> | undefined
  others: Caller<Item, Result>[] | undefined
  /** Called once when it is settled. */
  onSettled: (() => void)[] | undefined
}
