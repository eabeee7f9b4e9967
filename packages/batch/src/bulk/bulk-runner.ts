import { UnwritableValueError } from '../journal/unwritable-value-error.ts'
import type { BulkSettings } from './bulk-options.ts'
import type { BulkProgress, BulkResult, BulkSummary } from './bulk-run.ts'
import { Feed } from './feed.ts'
import { IdempotencyKeys } from './idempotency-keys.ts'
import { Intake } from './intake.ts'
import { itemCall, type RunItem } from './item-call.ts'
import { KeptResults } from './kept-results.ts'
import { Outlet } from './outlet.ts'
import { ReorderWindow } from './reorder-window.ts'
import { RunSignals } from './run-signals.ts'
import { lengthOf, type BulkSource } from './source.ts'
import { stopsBy } from './stop-rule.ts'
import { Tally } from './tally.ts'
import type { Task } from './task.ts'

/**
 * Leads items from the source to the function, and what that returns to the journal and to the consumer. An item holds its
 * slot from its first attempt until its result is durable.
 *
 *     idle → opening (the journal: locked, read, given out) → running → finishing (begins no more) → ended
 *
 * It goes to `ended` from everywhere: by an abort, by a consumer that leaves, by a journal that fails.
 */
export class BulkRunner<Item, Result> {
  readonly #settings: BulkSettings<Item>
  readonly #source: BulkSource<Item>
  readonly #tally = new Tally()
  readonly #signals = new RunSignals()
  readonly #keys = new IdempotencyKeys()
  readonly #intake: Intake<Item>
  readonly #outlet: Outlet<BulkResult<Result>>
  readonly #window: ReorderWindow<BulkResult<Result>> | undefined
  readonly #kept: KeptResults<Result> | undefined
  readonly #call: (task: Task<Item>) => Result | PromiseLike<Result>
  readonly #ending = Promise.withResolvers<BulkSummary>()
  readonly summary = this.#ending.promise
  #phase: 'idle' | 'opening' | 'running' | 'finishing' | 'ended' = 'idle'
  #feed: Feed<Item> | undefined
  /** Slots taken: items under way, and results that are fetched from the journal. */
  #active = 0
  /** Items begun. */
  #turns = 0
  #paused = false
  #pumping = false
  #onRoom: (() => void) | undefined
  /** What is thrown when everything under way has its result. */
  #failure: { error: unknown } | undefined
  #stoppedBy: BulkSummary['stoppedBy']
  /** `stop()` was called, perhaps before the run began. */
  #stopped: { readonly failure: { error: unknown } | undefined } | undefined

  constructor(source: BulkSource<Item>, run: RunItem<Item, Result>, settings: BulkSettings<Item>) {
    this.#source = source
    this.#settings = settings
    this.#intake = new Intake(settings, this.#tally)
    this.#call = itemCall(run, settings, { signals: this.#signals, keys: this.#keys, tally: this.#tally })
    this.#outlet = new Outlet(() => {
      this.#onRoom?.()
      this.#pump()
    })
    if (settings.journal !== undefined) this.#kept = new KeptResults(settings.journal)
    if (settings.order === 'input') {
      this.#window = new ReorderWindow((result) => this.#outlet.put(result))
    }
    this.summary.catch(() => undefined) // The loop may be the only one to ask.
  }

  /** Gives no results out, only the summary. */
  drop(): void {
    this.#outlet.drop()
    this.start()
  }

  next(): Promise<IteratorResult<BulkResult<Result>, undefined>> {
    this.start()
    return this.#outlet.next()
  }

  /** The consumer has left. Resolves when the run has ended; who leaves a run that failed has been told. */
  async leave(): Promise<void> {
    if (!this.#isOver()) {
      this.#stoppedBy = 'consumer'
      this.#outlet.clear()
      this.#end(undefined)
    }
    await this.summary.catch(() => undefined)
  }

  progress(): BulkProgress {
    const total = this.#settings.total ?? lengthOf(this.#source)
    return this.#tally.progress(this.#settings.clock.now(), total, this.#waitingOn())
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#pump()
  }

  /** @param failure what the run then ends with; undefined when it ends as if its source had */
  stop(failure: { error: unknown } | undefined): void {
    if (this.#stopped || this.#phase === 'finishing' || this.#isOver()) return
    this.#stoppedBy = 'stop'
    this.#stopped = { failure }
    this.#finish(failure)
    this.#pump()
  }

  abort(reason: unknown): void {
    this.#outlet.clear()
    this.#end({ error: reason })
  }

  start(): void {
    if (this.#phase !== 'idle') return
    const { signal, clock } = this.#settings
    this.#tally.start(clock.now())
    if (signal?.aborted) {
      this.abort(signal.reason)
      return
    }
    signal?.addEventListener('abort', this.#onAbort)
    try {
      this.#feed = new Feed(this.#source, this.#feedListener)
    } catch (error) {
      this.#end({ error })
      return
    }
    this.#phase = 'opening'
    if (this.#kept) void this.#resume(this.#kept)
    else this.#run()
  }

  readonly #onAbort = (): void => this.abort(this.#settings.signal?.reason)

  async #resume(kept: KeptResults<Result>): Promise<void> {
    try {
      await kept.open(this.#settings.fingerprint)
      this.#keys.run = kept.key
      if (!this.#window && !this.#isOver()) await this.#giveOut(kept)
    } catch (error) {
      this.#end({ error })
    }
    if (!this.#isOver()) this.#run()
  }

  #run(): void {
    this.#phase = 'running'
    if (this.#stopped) this.#finish(this.#stopped.failure)
    this.#pump()
  }

  /** First of all what is there already. In the order of the source, each has its turn instead. */
  async #giveOut(kept: KeptResults<Result>): Promise<void> {
    if (this.#outlet.isDropping) {
      this.#tally.resumed = kept.size
      return
    }
    for await (const result of kept.all()) {
      if (this.#isOver()) return
      this.#tally.resumed++
      this.#outlet.put(result)
      while (this.#outlet.held >= this.#slots() && !this.#isOver()) {
        await new Promise<void>((resolve) => (this.#onRoom = resolve))
      }
    }
  }

  readonly #feedListener = {
    admit: (item: Item): Task<Item> | undefined => {
      const task = this.#intake.admit(item, this.#kept)
      if (!this.#isOver()) return task
      this.#tally.drop() // The function that names items has ended the run.
      return undefined
    },
    onChange: () => this.#pump(),
    onFailure: (error: unknown) => this.#finish({ error }),
  }

  /** Begins what may begin, and reads what may be read. Everything that changes something comes by here. */
  #pump(): void {
    // The functions of the user may come back in here.
    if (this.#pumping || !this.#feed) return
    this.#pumping = true
    while (this.#phase === 'running' && !this.#paused && this.#hasRoom()) {
      const task = this.#feed.take()
      if (!task) break
      this.#begin(task)
    }
    if (this.#phase === 'running' && !this.#paused) {
      const { readAhead = this.#slots() } = this.#settings
      this.#feed.readAhead(this.#hasRoom() ? Math.max(readAhead, 1) : readAhead)
    }
    this.#pumping = false
    const nothingMore = this.#phase === 'finishing' || (this.#phase === 'running' && this.#feed.isDone)
    if (nothingMore && this.#active === 0) this.#end(this.#failure)
  }

  #slots(): number {
    const { concurrency } = this.#settings
    return typeof concurrency === 'number' ? concurrency : Math.max(1, Math.floor(concurrency.limit))
  }

  #hasRoom(): boolean {
    return this.#active < this.#slots() && !this.#isHeld()
  }

  /** Whether so many results wait for the consumer that no more should come. */
  #isHeld(): boolean {
    return this.#window
      ? this.#turns - this.#outlet.taken >= this.#settings.reorderWindow
      : this.#outlet.held >= this.#slots()
  }

  #begin(task: Task<Item>): void {
    this.#active++
    task.turn = this.#turns++
    if (task.stored) {
      this.#fetch(task)
      return
    }
    this.#tally.begun++
    task.startedAtMs = this.#settings.clock.now()
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
    if (this.#isOver()) return
    const { id, index, attempts, startedAtMs } = task
    const nowMs = this.#settings.clock.now()
    const durationMs = nowMs - startedAtMs
    const result = { id, index, attempts, durationMs, resumed: false, ok: true, value } as const
    if (!this.#kept) {
      this.#settle(task, result, nowMs)
      return
    }
    this.#kept.keep(result).then(
      () => this.#settle(task, result, this.#settings.clock.now()),
      (error: unknown) => {
        if (UnwritableValueError.is(error)) this.#failed(task, error)
        else this.#end({ error })
      },
    )
    if (this.#kept.writing === this.#active) this.#kept.flush()
  }

  #failed(task: Task<Item>, error: unknown): void {
    task.attempt?.close()
    if (this.#isOver()) return
    const { id, index, attempts, startedAtMs } = task
    const nowMs = this.#settings.clock.now()
    const durationMs = nowMs - startedAtMs
    this.#settle(task, { id, index, attempts, durationMs, resumed: false, ok: false, error }, nowMs)
  }

  #settle(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void {
    if (this.#isOver()) return
    this.#tally.settle(result.ok, nowMs)
    const { stopWhen } = this.#settings
    if (stopWhen && this.#phase === 'running') {
      this.#stoppedBy = stopsBy(stopWhen, this.#tally)
      if (this.#stoppedBy) this.#finish(undefined)
    }
    this.#give(task, result)
  }

  #fetch(task: Task<Item>): void {
    this.#kept?.get(task).then(
      (result) => {
        if (this.#isOver()) return
        this.#tally.resumed++
        this.#give(task, result)
      },
      (error: unknown) => this.#end({ error }),
    )
  }

  #give(task: Task<Item>, result: BulkResult<Result>): void {
    this.#active--
    if (this.#window) this.#window.put(task.turn, result)
    else this.#outlet.put(result)
    this.#pump()
  }

  /** Begins no more, and ends when everything under way has its result. */
  #finish(failure: { error: unknown } | undefined): void {
    if (this.#phase !== 'running') return
    this.#failure = failure
    this.#phase = 'finishing'
  }

  #isOver(): boolean {
    return this.#phase === 'ended'
  }

  #end(failure: { error: unknown } | undefined): void {
    if (this.#isOver()) return
    this.#phase = 'ended'
    this.#settings.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#active > 0) this.#signals.abort(failure ? failure.error : new Error('the run was left'))
    this.#tally.drop()
    this.#onRoom?.()
    void this.#close(failure)
  }

  /** A run that has ended has unlocked its journal and let go of its source. */
  async #close(failure: { error: unknown } | undefined): Promise<void> {
    try {
      const closed = this.#feed?.close()
      // An abort ends at once; a loop that is left, or a run that stops, waits as a loop over the source itself would.
      if (failure) closed?.catch(() => undefined)
      else await closed
    } catch (error) {
      failure = { error }
    }
    try {
      await this.#kept?.close()
    } catch (error) {
      failure ??= { error }
    }
    this.#outlet.end(failure)
    const { clock } = this.#settings
    if (failure) this.#ending.reject(failure.error)
    else this.#ending.resolve(this.#tally.summary(clock.now(), this.#stoppedBy))
  }

  #waitingOn(): BulkProgress['waitingOn'] {
    if (this.#phase === 'idle' || this.#phase === 'ended' || this.#paused) return undefined
    if (this.#isHeld()) return 'consumer'
    if (this.#phase === 'opening') return 'journal'
    if (this.#phase === 'running' && this.#active < this.#slots() && !this.#feed?.isDone) return 'source'
    if (this.#kept?.writing === this.#active) return 'journal'
    return this.#tally.waitingForRate > 0 ? 'rate' : 'slots'
  }
}
