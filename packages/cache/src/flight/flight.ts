import { Seat, type SeatOptions } from './waiter.ts'

/**
 * One piece of work for all who want its result. It runs on a controller of its own: a caller that leaves stops nothing, the
 * last one does.
 *
 *     under way ──the last one leaves──▶ abandoned: aborted, and nobody may join
 *         └──────end()──▶ over
 */
export class Flight<T> {
  /** Settles as the work does, whoever is still there; rejects at once when the flight is aborted. */
  readonly result: Promise<T>
  /** What happens when the last one leaves. */
  whenEmpty: (reason: unknown) => void = (reason) => this.abort(reason)
  readonly #controller = new AbortController()
  readonly #seats = new Set<Seat<T>>()
  readonly #resolve: (result: T) => void
  readonly #reject: (reason: unknown) => void
  /** Run once, when the work has ended or is aborted. */
  readonly #afterwards: (() => void)[] = []
  #closed = false
  /** Those who cannot leave need no seat. */
  #permanent = 0

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Begins, when those who wait for it have taken their seats: what nobody waits for could fail unheard. */
  depart(work: Promise<T>): void {
    work.then(this.#resolve, this.#reject)
  }

  /** Nobody can join any more, and leaving changes nothing. */
  get closed(): boolean {
    return this.#closed
  }

  /** The latest moment at which somebody still wants the result; `Infinity` if one of them waits as long as it takes. */
  get deadlineAt(): number {
    if (this.#permanent > 0) return Infinity
    let latest = -Infinity
    for (const seat of this.#seats) latest = Math.max(latest, seat.deadlineAt)
    return latest
  }

  /** So many wait for it. */
  get waiting(): number {
    return this.#seats.size + this.#permanent
  }

  /** A place for one who may leave: by abort, when its time is up, or of its own accord. */
  join(options: SeatOptions): Seat<T> {
    const seat = new Seat<T>(this, options)
    if (!this.#closed) this.#seats.add(seat)
    seat.begin()
    return seat
  }

  /** From now on somebody waits who never leaves. */
  hold(): void {
    this.#permanent++
  }

  leave(seat: Seat<T>, reason: unknown): void {
    if (!this.#seats.delete(seat) || this.#closed) return
    if (this.waiting === 0) this.whenEmpty(reason)
  }

  abort(reason: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#controller.abort(reason)
    this.#reject(reason)
    this.#finish()
  }

  /** The work has ended: nothing is aborted any more. */
  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#finish()
  }

  /** Runs this when the work has ended or is aborted. */
  afterwards(task: () => void): void {
    if (this.#closed) task()
    else this.#afterwards.push(task)
  }

  #finish(): void {
    for (const seat of this.#seats) seat.release()
    this.#seats.clear()
    for (const task of this.#afterwards) task()
  }
}
