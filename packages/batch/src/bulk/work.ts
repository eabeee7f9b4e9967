import { UnwritableValueError } from '../journal/unwritable-value-error.ts'
import type { Clock } from '../clock.ts'
import { isReturned } from './bulk-stopped-error.ts'
import type { BulkResult } from './bulk-run.ts'
import type { KeptResults } from './kept-results.ts'
import type { Task } from './task.ts'

/** The one for whom items are done. */
export interface WorkHost<Item, Result> {
  readonly clock: Clock
  readonly kept: KeptResults<Result> | undefined
  /** Nobody wants results any more. */
  isOver(): boolean
  /** The run was stopped, and is not over. */
  isStopping(): boolean
  /** The result of an item, as durable as it was asked for; its slot is free. */
  onResult(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void
  /** The item was not sent before the run was stopped; its slot is free. */
  onReturned(task: Task<Item>): void
  /** The journal can be written or read no more. */
  onError(error: unknown): void
}

/** What is under way: from the call for an item to its result, or, where the journal has that, to its being read there. */
export class Work<Item, Result> {
  readonly #call: (task: Task<Item>) => Result | PromiseLike<Result>
  readonly #host: WorkHost<Item, Result>
  /** Slots taken. */
  active = 0

  constructor(call: (task: Task<Item>) => Result | PromiseLike<Result>, host: WorkHost<Item, Result>) {
    this.#call = call
    this.#host = host
  }

  /** Whether everything that is under way waits for the journal. */
  get isWriting(): boolean {
    return this.#host.kept?.writing === this.active
  }

  begin(task: Task<Item>): void {
    this.active++
    if (task.stored) {
      this.#fetch(task)
      return
    }
    task.startedAtMs = this.#host.clock.now()
    let answer: Result | PromiseLike<Result>
    try {
      answer = this.#call(task)
    } catch (error) {
      this.#failed(task, error)
      return
    }
    Promise.resolve(answer).then(
      (value) => this.#succeeded(task, value),
      (error: unknown) => this.#failed(task, error),
    )
  }

  #succeeded(task: Task<Item>, value: Result): void {
    task.attempt?.close()
    const { kept, clock } = this.#host
    if (this.#host.isOver()) return
    const { id, index, attempts, startedAtMs } = task
    const nowMs = clock.now()
    const durationMs = nowMs - startedAtMs
    const result = { id, index, attempts, durationMs, resumed: false, ok: true, value } as const
    if (!kept) {
      this.#give(task, result, nowMs)
      return
    }
    kept.keep(result).then(
      () => this.#give(task, result, clock.now()),
      (error: unknown) => {
        if (UnwritableValueError.is(error)) this.#failed(task, error)
        else this.#host.onError(error)
      },
    )
    if (this.isWriting) kept.flush()
  }

  #failed(task: Task<Item>, error: unknown): void {
    task.attempt?.close()
    if (this.#host.isStopping() && isReturned(error)) {
      this.active--
      this.#host.onReturned(task)
      return
    }
    const { id, index, attempts, startedAtMs } = task
    const nowMs = this.#host.clock.now()
    const durationMs = nowMs - startedAtMs
    this.#give(task, { id, index, attempts, durationMs, resumed: false, ok: false, error }, nowMs)
  }

  #fetch(task: Task<Item>): void {
    this.#host.kept?.get(task).then(
      (result) => this.#give(task, result, this.#host.clock.now()),
      (error: unknown) => this.#host.onError(error),
    )
  }

  #give(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void {
    if (this.#host.isOver()) return
    this.active--
    this.#host.onResult(task, result, nowMs)
  }
}
