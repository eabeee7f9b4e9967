import type { BulkSettings } from './bulk-options.ts'
import type { BulkProgress, BulkResult, BulkSummary } from './bulk-run.ts'
import { Feed } from './feed.ts'
import { IdempotencyKeys } from './idempotency-keys.ts'
import { Intake } from './intake.ts'
import { itemCall, type RunItem } from './item-call.ts'
import { KeptResults } from './kept-results.ts'
import { letGo } from './let-go.ts'
import { Outlet } from './outlet.ts'
import { ReorderWindow } from './reorder-window.ts'
import { Resumption } from './resumption.ts'
import { RunSignals } from './run-signals.ts'
import { lengthOf, type BulkSource } from './source.ts'
import { stopsBy } from './stop-rule.ts'
import { Tally } from './tally.ts'
import type { Task } from './task.ts'
import { Work } from './work.ts'

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
  readonly #resumption: Resumption<Result> | undefined
  readonly #work: Work<Item, Result>
  readonly #ending = Promise.withResolvers<BulkSummary>()
  readonly summary = this.#ending.promise
  #phase: 'idle' | 'opening' | 'running' | 'finishing' | 'ended' = 'idle'
  #feed: Feed<Item> | undefined
  /** Items begun. */
  #turns = 0
  #paused = false
  #pumping = false
  /** What is thrown when everything under way has its result. */
  #failure: { error: unknown } | undefined
  #stoppedBy: BulkSummary['stoppedBy']
  /** `stop()` was called, perhaps before the run began. */
  #stopped: { readonly failure: { error: unknown } | undefined } | undefined

  constructor(source: BulkSource<Item>, run: RunItem<Item, Result>, settings: BulkSettings<Item>) {
    this.#source = source
    this.#settings = settings
    this.#intake = new Intake(settings, this.#tally)
    this.#outlet = new Outlet(() => {
      this.#resumption?.proceed()
      this.#pump()
    })
    const isOver = (): boolean => this.#isOver()
    if (settings.journal !== undefined) {
      this.#kept = new KeptResults(settings.journal)
      this.#resumption = new Resumption(this.#kept, {
        outlet: this.#outlet,
        tally: this.#tally,
        slots: () => this.#slots(),
        isOver,
      })
    }
    this.#work = new Work(
      itemCall(run, settings, { signals: this.#signals, keys: this.#keys, tally: this.#tally }),
      {
        clock: settings.clock,
        kept: this.#kept,
        isOver,
        onResult: (task, result, nowMs) => this.#settle(task, result, nowMs),
        isStopping: () => this.#signals.stopping.aborted && !this.#isOver(),
        onReturned: (task) => {
          this.#tally.giveBack()
          this.#window?.skip(task.turn)
          this.#pump()
        },
        onError: (error) => this.#end({ error }),
      },
    )
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
    return this.#tally.progress(this.#settings.clock.now(), this.#total(), this.#waitingOn())
  }

  #total(): number | undefined {
    return this.#settings.total ?? lengthOf(this.#source)
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
    this.#signals.stop()
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
    if (this.#resumption) void this.#resume(this.#resumption)
    else this.#run()
  }

  readonly #onAbort = (): void => this.abort(this.#settings.signal?.reason)

  async #resume(resumption: Resumption<Result>): Promise<void> {
    try {
      this.#keys.run = await resumption.open(this.#settings.fingerprint)
      // In the order of the source, each result has its turn instead.
      if (!this.#window) await resumption.giveOut()
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
    if (nothingMore && this.#work.active === 0) {
      if (this.#stopped && this.#isComplete(this.#feed)) this.#stoppedBy = undefined
      this.#end(this.#failure)
    }
  }

  /** Whether a run that was stopped has nothing left to do after all. */
  #isComplete(feed: Feed<Item>): boolean {
    return this.#tally.dropped.begun === 0 && feed.endsHere(this.#intake.count, this.#total())
  }

  #slots(): number {
    const { concurrency } = this.#settings
    return typeof concurrency === 'number' ? concurrency : Math.max(1, Math.floor(concurrency.limit))
  }

  #hasRoom(): boolean {
    return this.#work.active < this.#slots() && !this.#isHeld()
  }

  /** Whether so many results wait for the consumer that no more should come. */
  #isHeld(): boolean {
    return this.#window
      ? this.#turns - this.#outlet.taken >= this.#settings.reorderWindow
      : this.#outlet.held >= this.#slots()
  }

  #begin(task: Task<Item>): void {
    task.turn = this.#turns++
    if (!task.stored) this.#tally.begun++
    this.#work.begin(task)
  }

  #settle(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void {
    if (result.resumed) this.#tally.resumed++
    else this.#tally.settle(result.ok, nowMs)
    const { stopWhen } = this.#settings
    if (stopWhen && !result.resumed && this.#phase === 'running') {
      this.#stoppedBy = stopsBy(stopWhen, this.#tally)
      if (this.#stoppedBy) {
        this.#finish(undefined)
        this.#signals.stop()
      }
    }
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
    if (this.#work.active > 0) this.#signals.abort(failure ? failure.error : new Error('the run was left'))
    this.#tally.drop()
    this.#resumption?.proceed()
    void this.#close(failure)
  }

  /** A run that has ended has unlocked its journal and let go of its source. */
  async #close(failure: { error: unknown } | undefined): Promise<void> {
    const last = await letGo(this.#feed, this.#kept, failure)
    this.#outlet.end(last)
    if (last) this.#ending.reject(last.error)
    else this.#ending.resolve(this.#tally.summary(this.#settings.clock.now(), this.#stoppedBy))
  }

  #waitingOn(): BulkProgress['waitingOn'] {
    if (this.#phase === 'idle' || this.#phase === 'ended' || this.#paused) return undefined
    if (this.#isHeld()) return 'consumer'
    if (this.#phase === 'opening') return 'journal'
    if (this.#phase === 'running' && this.#work.active < this.#slots() && !this.#feed?.isDone) return 'source'
    if (this.#work.isWriting) return 'journal'
    const { waitingForRate, waitingForRetry, inFlight } = this.#tally
    if (waitingForRate > 0) return 'rate'
    return waitingForRetry > 0 && waitingForRetry >= inFlight ? 'retry' : 'slots'
  }
}
