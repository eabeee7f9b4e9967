import type { Clock } from '../clock.ts'
import { UnwritableValueError } from '../journal/errors.ts'
import type { BulkResult } from './bulk-run.ts'
import { isUnsent } from './errors.ts'
import type { JournaledResults } from './journaled-results.ts'
import type { Task } from './task.ts'

export interface ItemsInFlightHost<Item, Result> {
  readonly clock: Clock
  readonly journaled: JournaledResults<Result> | undefined
  /** Whether the run has ended, so that further results are discarded. */
  isOver(): boolean
  /** Whether the run was stopped and has not ended yet. */
  isStopping(): boolean
  /** Called when an item has its result and has freed its slot. With a journal, a new successful result is then as durable as configured. */
  onResult(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void
  /** Called when the run was stopped before an item was sent, and the item has freed its slot. */
  onUnsent(task: Task<Item>): void
  /** Called when the journal can no longer be written or read. */
  onError(error: unknown): void
}

/**
 * The items in flight. An item is in flight from the call of the function until its result is durable. If the journal already has its result, the
 * item is in flight while that is read.
 */
export class ItemsInFlight<Item, Result> {
  readonly #call: (task: Task<Item>) => Result | PromiseLike<Result>
  readonly #host: ItemsInFlightHost<Item, Result>
  /** The number of items in flight; each uses one slot. */
  size = 0

  constructor(
    call: (task: Task<Item>) => Result | PromiseLike<Result>,
    host: ItemsInFlightHost<Item, Result>,
  ) {
    this.#call = call
    this.#host = host
  }

  /** Whether all items in flight wait for the journal. */
  get isWriting(): boolean {
    return this.#host.journaled?.writing === this.size
  }

  start(task: Task<Item>): void {
    this.size++
    if (task.isJournaled) {
      this.#read(task)
      return
    }
    task.startedAtMs = this.#host.clock.now()
    let answer: Result | PromiseLike<Result>
    try {
      answer = this.#call(task)
    } catch (error) {
      this.#fail(task, error)
      return
    }
    Promise.resolve(answer).then(
      (value) => this.#succeed(task, value),
      (error: unknown) => this.#fail(task, error),
    )
  }

  #succeed(task: Task<Item>, value: Result): void {
    task.attempt?.close()
    const { journaled, clock } = this.#host
    if (this.#host.isOver()) return
    const { id, index, requests, startedAtMs } = task
    const nowMs = clock.now()
    const durationMs = nowMs - startedAtMs
    const result = { id, index, attempts: requests, durationMs, resumed: false, ok: true, value } as const
    if (!journaled) {
      this.#settle(task, result, nowMs)
      return
    }
    journaled.write(result).then(
      () => this.#settle(task, result, clock.now()),
      (error: unknown) => {
        if (UnwritableValueError.is(error)) this.#fail(task, error)
        else this.#host.onError(error)
      },
    )
    if (this.isWriting) journaled.flush()
  }

  #fail(task: Task<Item>, error: unknown): void {
    task.attempt?.close()
    if (this.#host.isStopping() && isUnsent(error)) {
      this.size--
      this.#host.onUnsent(task)
      return
    }
    const { id, index, requests, startedAtMs } = task
    const nowMs = this.#host.clock.now()
    const durationMs = nowMs - startedAtMs
    this.#settle(task, { id, index, attempts: requests, durationMs, resumed: false, ok: false, error }, nowMs)
  }

  #read(task: Task<Item>): void {
    this.#host.journaled?.get(task).then(
      (result) => this.#settle(task, result, this.#host.clock.now()),
      (error: unknown) => this.#host.onError(error),
    )
  }

  #settle(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void {
    if (this.#host.isOver()) return
    this.size--
    this.#host.onResult(task, result, nowMs)
  }
}
