import { Waiter, type WaitedFor, type WaiterOptions } from './waiter.ts'

/**
 * Which process makes a load: this one (`own`), or another one, which also writes the answer to the far tier (`elsewhere`) or has a far tier
 * of its own (`elsewhere-apart`).
 */
export type LoadOrigin = 'own' | 'elsewhere' | 'elsewhere-apart'

/**
 * One load in progress, shared by all callers that wait for its result. It has an abort controller of its own, and is aborted when the last
 * caller leaves.
 *
 *     open ──the last caller leaves──▶ aborted: no caller can join
 *       └──────end()──▶ ended
 */
export class Flight<T> implements WaitedFor<T> {
  /** Settles as the load does, even if no caller waits any more. Rejects at once when the flight is aborted. */
  readonly result: Promise<T>
  /** Called when the last caller leaves. By default, aborts the flight. */
  onEmpty: (reason: unknown) => void = (reason) => this.abort(reason)
  /** Which process makes the load: this one, or another one whose load this one has joined. */
  origin: LoadOrigin = 'own'
  readonly #controller = new AbortController()
  readonly #waiters = new Set<Waiter<T>>()
  readonly #resolve: (result: T) => void
  readonly #reject: (reason: unknown) => void
  /** The tasks to run when the load has ended or is aborted. */
  readonly #closeTasks: (() => void)[] = []
  #closed = false
  #keptAlive = false

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /**
   * Makes `result` settle as `load` does. Call this after the first caller has joined. Without a caller, a failure of the load would be an
   * unhandled rejection.
   */
  start(load: Promise<T>): void {
    load.then(this.#resolve, this.#reject)
  }

  /** Whether the load has ended or is aborted. If so, no further caller can join, and leaving has no effect. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * The latest deadline of all waiting callers, in milliseconds since 1970. `Infinity` if a caller has no timeout, or after `keepAlive()`.
   */
  get deadlineAt(): number {
    if (this.#keptAlive) return Infinity
    let latest = -Infinity
    for (const waiter of this.#waiters) latest = Math.max(latest, waiter.deadlineAt)
    return latest
  }

  /** The number of waiting callers, plus 1 after `keepAlive()`. */
  get waiting(): number {
    return this.#waiters.size + (this.#keptAlive ? 1 : 0)
  }

  /** Adds a caller. The caller leaves when its signal aborts, its timeout passes, or its waiter's `leave()` is called. */
  join(options: WaiterOptions): Waiter<T> {
    const waiter = new Waiter<T>(this, options)
    if (!this.#closed) this.#waiters.add(waiter)
    waiter.begin()
    return waiter
  }

  /** Lets the flight go on when no caller waits, as a background refresh does. */
  keepAlive(): void {
    this.#keptAlive = true
  }

  leave(waiter: Waiter<T>, reason: unknown): void {
    if (!this.#waiters.delete(waiter) || this.#closed) return
    if (this.waiting === 0) this.onEmpty(reason)
  }

  abort(reason: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#controller.abort(reason)
    this.#reject(reason)
    this.#close()
  }

  /** Marks the load as ended. After that, the flight cannot be aborted. */
  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#close()
  }

  /**
   * Runs the task when the flight closes, that is when its load ends or is aborted. If the flight is already closed, runs the task at once.
   */
  onClose(task: () => void): void {
    if (this.#closed) task()
    else this.#closeTasks.push(task)
  }

  #close(): void {
    for (const waiter of this.#waiters) waiter.release()
    this.#waiters.clear()
    for (const task of this.#closeTasks) task()
  }
}
